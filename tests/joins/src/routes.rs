//! Route sets: what a service serves, how often, and how it fails.

/// A route: method, pattern (`{n}` number, `{h}` handle, `{u}` UUID), weight, milliseconds it takes about.
pub type Route = (&'static str, &'static str, u32, f64);

/// What one team's services serve.
#[derive(Clone, Copy, Debug)]
pub struct RouteSet {
    /// For people.
    pub name: &'static str,
    /// The service that does the work.
    pub service: &'static str,
    /// One before it that passes every request on and is instrumented too.
    pub gateway: Option<&'static str>,
    /// The host clients ask.
    pub host: &'static str,
    /// Its routes.
    pub routes: &'static [Route],
    /// Different clients; few make requests alike.
    pub clients: u32,
}

/// The sets that constants are tuned on.
pub const TUNING: &[RouteSet] = &[
    RouteSet {
        name: "cruddur",
        service: "backend-flask",
        gateway: None,
        host: "localhost:4567",
        routes: &[
            ("GET", "/api/activities/home", 40, 80.0),
            ("GET", "/api/activities/notifications", 15, 60.0),
            ("GET", "/api/activities/search?term={h}", 8, 120.0),
            ("GET", "/api/activities/@{h}", 12, 90.0),
            ("GET", "/api/activities/{u}", 6, 70.0),
            ("GET", "/api/message_groups", 10, 50.0),
            ("GET", "/api/messages/@{h}", 10, 110.0),
            ("POST", "/api/activities", 4, 140.0),
            ("POST", "/api/messages", 4, 150.0),
        ],
        clients: 24,
    },
    RouteSet {
        name: "shop",
        service: "orders",
        gateway: Some("edge"),
        host: "shop.example",
        routes: &[
            ("GET", "/", 20, 30.0),
            ("GET", "/products/{n}", 30, 90.0),
            ("GET", "/cart", 20, 60.0),
            ("POST", "/cart/items", 10, 120.0),
            ("PUT", "/cart/items/{n}", 4, 100.0),
            ("POST", "/checkout", 3, 400.0),
        ],
        clients: 60,
    },
];

/// Sets that tuning never saw.
pub const UNSEEN: &[RouteSet] = &[
    RouteSet {
        name: "clinic",
        service: "appointments",
        gateway: None,
        host: "clinic.example:8443",
        routes: &[
            ("GET", "/v2/patients/{n}/appointments", 25, 140.0),
            ("GET", "/v2/slots?day={n}", 35, 200.0),
            ("POST", "/v2/appointments", 10, 260.0),
            ("DELETE", "/v2/appointments/{u}", 3, 90.0),
            ("GET", "/v2/doctors", 20, 40.0),
        ],
        clients: 12,
    },
    RouteSet {
        name: "telemetry of machines",
        service: "collector",
        gateway: Some("nginx"),
        host: "iot.example",
        routes: &[
            ("POST", "/ingest", 80, 45.0),
            ("GET", "/devices/{n}/state", 15, 70.0),
            ("PATCH", "/devices/{n}", 5, 85.0),
        ],
        clients: 200,
    },
    RouteSet {
        name: "one page",
        service: "web",
        gateway: None,
        host: "10.0.0.5:3000",
        routes: &[
            ("GET", "/graphql", 10, 60.0),
            ("POST", "/graphql", 80, 130.0),
            ("GET", "/login", 10, 20.0),
        ],
        clients: 40,
    },
    RouteSet {
        name: "files",
        service: "files-api",
        gateway: None,
        host: "files.example",
        routes: &[
            ("GET", "/f/{u}", 60, 300.0),
            ("HEAD", "/f/{u}", 15, 15.0),
            ("PUT", "/f/{u}", 15, 900.0),
            ("GET", "/list?prefix={h}&page={n}", 10, 180.0),
        ],
        clients: 8,
    },
];

/// Sets for the other kinds of traffic; neither tuning nor [`UNSEEN`] has them.
pub const OTHER: &[RouteSet] = &[
    RouteSet {
        name: "probe",
        service: "quotes",
        gateway: None,
        host: "quotes.example",
        routes: &[
            ("GET", "/quote", 90, 75.0),
            ("GET", "/quote/{n}/history", 6, 160.0),
            ("POST", "/quote/{n}/watch", 4, 110.0),
        ],
        clients: 5,
    },
    RouteSet {
        name: "trains",
        service: "timetable",
        gateway: Some("haproxy"),
        host: "trains.example:9000",
        routes: &[
            ("GET", "/stations/{n}/board", 40, 55.0),
            ("GET", "/journeys?from={n}&to={h}", 25, 240.0),
            ("POST", "/tickets", 8, 320.0),
            ("GET", "/alerts", 27, 25.0),
        ],
        clients: 90,
    },
];

/// As [`OTHER`], asked once a change of the join is finished and never on the way to it.
pub const HELD_OUT: &[RouteSet] = &[
    RouteSet {
        name: "library",
        service: "loans",
        gateway: None,
        host: "library.example",
        routes: &[
            ("GET", "/catalogue?q={h}", 45, 130.0),
            ("GET", "/books/{n}", 30, 65.0),
            ("POST", "/loans", 12, 190.0),
            ("PUT", "/loans/{u}/renewal", 6, 150.0),
        ],
        clients: 30,
    },
    RouteSet {
        name: "doors",
        service: "access",
        gateway: Some("traefik"),
        host: "doors.example",
        routes: &[
            ("POST", "/badge", 70, 35.0),
            ("GET", "/doors/{n}", 20, 50.0),
            ("POST", "/doors/{n}/open", 10, 210.0),
        ],
        clients: 120,
    },
];
