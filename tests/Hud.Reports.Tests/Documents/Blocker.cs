using Hud.Core.Profile;

namespace Hud.Reports.Tests.Documents;

/// <summary>One way in which the made-up service blocks: where in the code, why, and how long.</summary>
internal sealed record Blocker(
    string Task,
    HotspotCause Cause,
    string Category,
    string Syscall,
    string Advice,
    ProfileFrame[] Leaf,
    ProfileFrame[] Path,
    double MeanMs,
    double Weight
);

internal static class Blockers
{
    public static readonly ProfileFrame[] Root =
    [
        Frame(
            "<axum::routing::route::RouteFuture<E> as core::future::future::Future>::poll",
            "axum-0.7.5/src/routing/route.rs:165",
            FrameKind.ThirdParty
        ),
        Frame(
            "hyper::proto::h1::dispatch::Dispatcher<D,Bs,I,T>::poll_catch",
            "hyper-1.4.1/src/proto/h1/dispatch.rs:159",
            FrameKind.Runtime
        ),
        Frame(
            "hyper_util::server::conn::auto::Connection<I,S,E>::poll",
            "hyper-util-0.1.6/src/server/conn/auto/mod.rs:560",
            FrameKind.Runtime
        ),
        Frame(
            "tokio::runtime::task::core::Core<T,S>::poll",
            "tokio-1.43.0/src/runtime/task/core.rs:331",
            FrameKind.Runtime
        ),
        Frame(
            "tokio::runtime::task::harness::Harness<T,S>::poll",
            "tokio-1.43.0/src/runtime/task/harness.rs:153",
            FrameKind.Runtime
        ),
        Frame("tokio::runtime::task::raw::poll", "tokio-1.43.0/src/runtime/task/raw.rs:271", FrameKind.Runtime),
    ];

    public static readonly Blocker[] Checkout =
    [
        new(
            "checkout::handle_request::{{closure}}",
            HotspotCause.OnCpu,
            "Crypto",
            "",
            "Password hashing computes for a whole poll. Move it off the workers: tokio::task::spawn_blocking(move || bcrypt::hash(..)).await",
            [
                Frame("bcrypt::bcrypt::bcrypt", "bcrypt-0.15.1/src/bcrypt.rs:28", FrameKind.ThirdParty, inlined: true),
                Frame("bcrypt::hash", "bcrypt-0.15.1/src/lib.rs:186", FrameKind.ThirdParty),
            ],
            [
                Frame("checkout::login", "src/login.rs:42", FrameKind.User, blamed: true),
                Frame("checkout::handle_request::{{closure}}", "src/main.rs:88", FrameKind.User),
            ],
            190,
            30
        ),
        new(
            "checkout::handle_request::{{closure}}",
            HotspotCause.BlockingCall,
            "File",
            "read",
            "std::fs waits for the disk on the worker. Use tokio::fs::read, or spawn_blocking for many small files.",
            [
                Frame("__read_nocancel", "", FrameKind.Native),
                Frame("std::fs::read", "library/std/src/fs.rs:329", FrameKind.Std),
            ],
            [
                Frame("checkout::catalog::load_page", "src/catalog.rs:117", FrameKind.User, blamed: true),
                Frame("checkout::handle_request::{{closure}}", "src/main.rs:93", FrameKind.User),
            ],
            28,
            40
        ),
        new(
            "checkout::session::refresh::{{closure}}",
            HotspotCause.LockWait,
            "Mutex",
            "futex",
            "A std::sync::Mutex is held across slow work. Shorten the critical section, or use tokio::sync::Mutex when it must span an await.",
            [
                Frame(
                    "std::sys::sync::mutex::futex::Mutex::lock_contended",
                    "library/std/src/sys/sync/mutex/futex.rs:58",
                    FrameKind.Std
                ),
                Frame(
                    "std::sync::mutex::Mutex<T>::lock",
                    "library/std/src/sync/mutex.rs:317",
                    FrameKind.Std,
                    inlined: true
                ),
            ],
            [
                Frame("checkout::session::Cache::get", "src/session.rs:204", FrameKind.User, blamed: true),
                Frame("checkout::session::refresh::{{closure}}", "src/session.rs:61", FrameKind.User),
            ],
            14,
            50
        ),
        new(
            "checkout::export::run::{{closure}}",
            HotspotCause.OnCpu,
            "Compression",
            "",
            "Compressing a large buffer in one poll. Use spawn_blocking, or feed the encoder in chunks and yield between them.",
            [
                Frame(
                    "miniz_oxide::deflate::core::compress_inner",
                    "miniz_oxide-0.7.4/src/deflate/core.rs:2304",
                    FrameKind.ThirdParty
                ),
                Frame(
                    "flate2::zio::Writer<W,D>::write_with_status",
                    "flate2-1.0.30/src/zio.rs:239",
                    FrameKind.ThirdParty
                ),
            ],
            [
                Frame("checkout::export::gzip_report", "src/export.rs:71", FrameKind.User, blamed: true),
                Frame("checkout::export::run::{{closure}}", "src/export.rs:29", FrameKind.User),
            ],
            46,
            14
        ),
        new(
            "checkout::payments::charge::{{closure}}",
            HotspotCause.BlockingCall,
            "Dns",
            "poll",
            "getaddrinfo blocks until the resolver answers. Use tokio::net::lookup_host.",
            [
                Frame("__poll", "", FrameKind.Native),
                Frame("getaddrinfo", "", FrameKind.Native),
                Frame(
                    "<str as std::net::socket_addr::ToSocketAddrs>::to_socket_addrs",
                    "library/std/src/net/socket_addr.rs:240",
                    FrameKind.Std
                ),
            ],
            [
                Frame("checkout::payments::resolve_gateway", "src/payments.rs:33", FrameKind.User, blamed: true),
                Frame("checkout::payments::charge::{{closure}}", "src/payments.rs:19", FrameKind.User),
            ],
            41,
            6
        ),
        new(
            "checkout::handle_request::{{closure}}",
            HotspotCause.RunQueue,
            "Neighbours",
            "",
            "The workers were runnable and waited for a CPU that others used. Not this code: raise the CPU request or move the neighbour.",
            [
                Frame(
                    "serde_json::de::Deserializer<R>::parse_str",
                    "serde_json-1.0.120/src/de.rs:410",
                    FrameKind.ThirdParty
                ),
            ],
            [
                Frame("checkout::cart::parse", "src/cart.rs:12", FrameKind.User, blamed: true),
                Frame("checkout::handle_request::{{closure}}", "src/main.rs:97", FrameKind.User),
            ],
            8,
            20
        ),
    ];

    public static ProfileFrame Frame(
        string function,
        string location,
        FrameKind kind,
        bool inlined = false,
        bool blamed = false
    ) =>
        new()
        {
            Function = function,
            Location = location,
            Module = kind == FrameKind.Native ? "libc.so.6" : "checkout",
            Kind = kind,
            Inlined = inlined,
            Blamed = blamed,
        };
}
