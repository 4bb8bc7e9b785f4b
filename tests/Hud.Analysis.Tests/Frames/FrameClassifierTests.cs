using Hud.Core.Profile;
using Hud.Frames;

namespace Hud.Analysis.Tests;

public class FrameClassifierTests
{
    [Theory]
    [InlineData("actix::quote_price", "/srv/actix", FrameKind.User)]
    [InlineData("<actix::Quotes as actix_web::Handler>::call", "/srv/actix", FrameKind.User)]
    [InlineData("actix_web::server::run", "/srv/actix", FrameKind.Runtime)]
    [InlineData("actix::actor::Actor::start", "/srv/quotes", FrameKind.Runtime)]
    [InlineData("serde_json::main", "/srv/serde-json", FrameKind.User)]
    [InlineData("regex::Search::go", "/usr/lib/libregex.so", FrameKind.User)]
    [InlineData("std::thread::sleep", "/srv/std", FrameKind.Std)]
    public void The_crate_that_a_file_is_named_after_is_the_users_own(
        string function,
        string module,
        FrameKind expected
    ) => Assert.Equal(expected, FrameClassifier.Classify(function, null, module));

    [Theory]
    [InlineData("checkout::login", FrameKind.User)]
    [InlineData("checkout::login::{{closure}}", FrameKind.User)]
    [InlineData("checkout::login::{closure#0}", FrameKind.User)]
    [InlineData("std::thread::sleep", FrameKind.Std)]
    [InlineData("core::ptr::drop_in_place<alloc::string::String>", FrameKind.Std)]
    [InlineData("core::ptr::drop_in_place<checkout::Basket>", FrameKind.User)]
    [InlineData("core::ptr::drop_in_place::<checkout::Basket>", FrameKind.User)]
    [InlineData("core::ptr::drop_in_place<[checkout::Basket]>", FrameKind.User)]
    [InlineData(
        "core::ptr::drop_in_place<tokio::runtime::task::core::Cell<checkout::f::{{closure}}, alloc::sync::Arc<tokio::Handle>>>",
        FrameKind.Runtime
    )]
    [InlineData("<checkout::Svc as tower::Service<R>>::call", FrameKind.User)]
    [InlineData("<checkout::Svc as core::future::future::Future>::poll", FrameKind.User)]
    [InlineData("<alloc::string::String as checkout::Ext>::shout", FrameKind.User)]
    [InlineData(
        "<tokio::time::timeout::Timeout<checkout::Fut> as core::future::future::Future>::poll",
        FrameKind.Runtime
    )]
    [InlineData("<F as axum::handler::Handler<(M, T1), S>>::call", FrameKind.Runtime)]
    [InlineData("<T as serde::ser::Serialize>::serialize", FrameKind.ThirdParty)]
    [InlineData("<alloc::vec::Vec<T> as serde::de::Deserialize>::deserialize", FrameKind.ThirdParty)]
    [InlineData("<&mut checkout::Reader as std::io::Read>::read", FrameKind.User)]
    [InlineData("<&[u8] as std::io::Read>::read", FrameKind.Std)]
    [InlineData("<dyn checkout::Job + core::marker::Send>::run", FrameKind.User)]
    [InlineData("<fn() -> checkout::X as core::ops::FnOnce<()>>::call_once", FrameKind.Std)]
    [InlineData("<alloc::boxed::Box<F> as core::ops::function::FnOnce<A>>::call_once", FrameKind.Std)]
    [InlineData("<checkout::Pool<sqlx::Postgres>>::acquire", FrameKind.User)]
    [InlineData("<<checkout::A as checkout::B>::C as tower::Service<R>>::call", FrameKind.User)]
    [InlineData("tokio::runtime::task::raw::poll", FrameKind.Runtime)]
    [InlineData("tokio_util::codec::framed::Framed<T,U>::poll", FrameKind.Runtime)]
    [InlineData("futures_util::future::join_all::JoinAll<F>::poll", FrameKind.Runtime)]
    [InlineData("hyper::proto::h1::dispatch::Dispatcher<D,Bs,I,T>::poll_catch", FrameKind.Runtime)]
    [InlineData("serde_json::de::from_slice", FrameKind.ThirdParty)]
    [InlineData("bcrypt::hash", FrameKind.ThirdParty)]
    [InlineData("__rust_alloc", FrameKind.Std)]
    [InlineData("__rustc::__rust_dealloc", FrameKind.Std)]
    [InlineData("getaddrinfo", FrameKind.Native)]
    [InlineData("main", FrameKind.Native)]
    [InlineData("checkout+0x1f3a0", FrameKind.Unknown)]
    [InlineData("", FrameKind.Unknown)]
    public void Without_line_tables_the_crate_decides(string function, FrameKind expected) =>
        Assert.Equal(expected, FrameClassifier.Classify(function, null));

    [Theory]
    [InlineData(
        "webpki::verify",
        "/root/.cargo/registry/src/INDEX-6f17d22bba15001f/rustls-webpki-0.102.8/src/lib.rs",
        FrameKind.ThirdParty
    )]
    [InlineData(
        "tokio::x",
        "/root/.cargo/registry/src/INDEX-6f17d22bba15001f/tokio-1.43.0/src/x.rs",
        FrameKind.Runtime
    )]
    [InlineData("tokio::x", "/usr/share/cargo/registry/tokio-1.24.2/src/x.rs", FrameKind.Runtime)]
    [InlineData(
        "tokio::x",
        "/root/.cargo/git/checkouts/tokio-377c595163f99a10/4c8f3ba/tokio/src/x.rs",
        FrameKind.Runtime
    )]
    [InlineData("tokio_util::x", "/app/vendor/tokio-util/src/x.rs", FrameKind.Runtime)]
    [InlineData("oddlib::x", "/app/vendor/oddlib-2.0.0/src/x.rs", FrameKind.ThirdParty)]
    [InlineData("oddlib::x", "oddlib-2.0.0/src/x.rs", FrameKind.ThirdParty)]
    [InlineData("oddlib::x", "/usr/share/cargo/registry/oddlib-0.1.0+really/src/x.rs", FrameKind.ThirdParty)]
    [InlineData("core::x", "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/x.rs", FrameKind.Std)]
    [InlineData("core::x", "/rustc/1.63.0/library/core/src/x.rs", FrameKind.Std)]
    [InlineData("std::x", "/root/.rustup/toolchains/stable/lib/rustlib/src/rust/library/std/src/x.rs", FrameKind.Std)]
    [InlineData("hashbrown::x", "/rust/deps/hashbrown-0.15.5/src/raw.rs", FrameKind.Std)]
    [InlineData("std::x", "library/std/src/x.rs", FrameKind.Std)]
    [InlineData("checkout::x", "/app/src/x.rs", FrameKind.User)]
    [InlineData("checkout::x", "src/x.rs", FrameKind.User)]
    [InlineData("checkout::vendor::stripe::x", "/app/src/vendor/stripe/x.rs", FrameKind.User)]
    [InlineData("checkout::x", "/home/me/rustc/app/src/x.rs", FrameKind.User)]
    [InlineData("tokio::x", "/home/me/my-tokio-fork/src/x.rs", FrameKind.User)] // code that the user has checked out is the user's
    [InlineData("pthread_mutex_lock", "./nptl/pthread_mutex_lock.c", FrameKind.Native)]
    [InlineData(
        "checkout::run::{{closure}}",
        "/root/.cargo/registry/src/index/tokio-1.43.0/src/macros/select.rs",
        FrameKind.User
    )]
    public void The_path_decides_where_there_is_one(string function, string file, FrameKind expected) =>
        Assert.Equal(expected, FrameClassifier.Classify(function, file));

    [Theory]
    [InlineData("do_futex", "[kernel]", FrameKind.Kernel)]
    [InlineData("__vdso_clock_gettime", "[vdso]", FrameKind.Native)]
    [InlineData("std::thread::join", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", FrameKind.Native)]
    public void Kernel_and_native_code_are_known_by_their_module(string function, string module, FrameKind expected) =>
        Assert.Equal(expected, FrameClassifier.Classify(function, null, module));
}
