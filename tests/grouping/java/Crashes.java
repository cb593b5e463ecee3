// Crashes on purpose and posts what rollbar-java would: `java Crashes.java ENDPOINT ROOT VARIANT`.
// The stacks are the virtual machine's own; only the envelope is written by hand.

import java.net.URI;
import java.net.http.*;
import java.util.*;
import java.util.function.*;

public class Crashes {
    static String endpoint, variant;
    static boolean two;

    static String quote(String s) {
        return s == null ? "null" : "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    static void report(String name, Runnable action) throws Exception {
        try {
            action.run();
        } catch (Throwable t) {
            StringBuilder chain = new StringBuilder();
            for (Throwable c = t; c != null; c = c.getCause()) {
                if (chain.length() > 0) chain.append(",");
                List<String> frames = new ArrayList<>();
                for (StackTraceElement e : c.getStackTrace())
                    frames.add(0, "{\"filename\":" + quote(e.getFileName() == null ? "unknown" : e.getFileName()) + ",\"lineno\":" + e.getLineNumber()
                        + ",\"method\":" + quote(e.getMethodName()) + ",\"class_name\":" + quote(e.getClassName()) + "}");
                if (frames.size() > 60) frames = new ArrayList<>(frames.subList(frames.size() - 60, frames.size()));
                chain.append("{\"frames\":[" + String.join(",", frames) + "],\"exception\":{\"class\":" + quote(c.getClass().getName())
                    + ",\"message\":" + quote(c.getMessage()) + "}}");
            }
            String body = "{\"data\":{\"environment\":\"production\",\"language\":\"java\",\"platform\":\"java\",\"notifier\":{\"name\":\"rollbar-java\"},"
                + "\"custom\":{\"case\":\"java-" + name + "-" + variant + "\"},\"body\":{\"trace_chain\":[" + chain + "]}}}";
            HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(endpoint)).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.discarding());
        }
    }

    static int length(String s) { return s.length(); }
    static int parse(String s) { return Integer.parseInt(s); }
    static Object at(List<Object> l, int i) { return l.get(i); }
    static void over(int n) { over(n + 1); }
    static void cast(Object o) { Integer i = (Integer) o; }
    static void wrapped(String s) { try { parse(s); } catch (NumberFormatException e) { throw new IllegalStateException("bad " + s, e); } }
    static void state(String s) { throw new IllegalStateException(s); }
    static void argument(String s) { throw new IllegalArgumentException(s); }
    static Function<Integer, Integer> lambda() { return i -> 10 / i; }
    interface Shape { int area(); }

    public static void main(String[] args) throws Exception {
        endpoint = args[0];
        variant = args[2];
        two = variant.equals("two");
        // One more lambda before the others: the compiler numbers them anew.
        if (two) ((Runnable) () -> {}).run();
        report("null", () -> length(null));
        report("parse", () -> parse(two ? "1,5" : "x"));
        report("index", () -> at(new ArrayList<>(), two ? 7 : 0));
        report("over", () -> over(0));
        report("cast", () -> cast(two ? (Object) "x" : (Object) 1.5));
        report("wrapped", () -> wrapped(two ? "1,5" : "x"));
        report("state", () -> state(two ? "order 4711" : "order 12"));
        report("argument", () -> argument("order 12"));
        report("lambda", () -> lambda().apply(0));
        report("shape", () -> new Shape() { public int area() { throw new UnsupportedOperationException(two ? "a" : "b"); } }.area());
        report("stream", () -> List.of(1, 0).stream().map(lambda()).toList());
    }
}
