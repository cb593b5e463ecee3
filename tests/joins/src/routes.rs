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
