namespace Hud.Tokio.Tests;

public sealed class TaskNamerTests
{
    [Theory]
    [InlineData(
        "tokio::runtime::task::raw::poll::<checkout::login::{closure#0}, alloc::sync::Arc<tokio::runtime::scheduler::multi_thread::handle::Handle>>",
        "checkout::login::{closure#0}"
    )]
    [InlineData(
        "tokio::runtime::task::raw::poll<demo::cpu_hog::{async_fn_env#0}, alloc::sync::Arc<S>>",
        "demo::cpu_hog::{async_fn_env#0}"
    )]
    [InlineData(
        "core::ptr::drop_in_place<tokio::runtime::task::core::Cell<demo::good::{{closure}},alloc::sync::Arc<S>>>",
        "demo::good::{{closure}}"
    )]
    [InlineData("<tokio::runtime::task::harness::Harness<demo::a::{{closure}}, S>>::dealloc", "demo::a::{{closure}}")]
    [InlineData(
        "core::ptr::drop_in_place<tokio::runtime::task::core::Cell<alloc::boxed::Box<dyn core::future::Future<Output = ()>>, S>>",
        "alloc::boxed::Box<dyn core::future::Future<Output = ()>>"
    )]
    [InlineData(
        "tokio::runtime::task::core::Cell<demo::wrap<fn(u8, u8) -> (u8, u8), [u8; 4]>, S>",
        "demo::wrap<fn(u8, u8) -> (u8, u8), [u8; 4]>"
    )]
    [InlineData("tokio::runtime::task::core::Cell<(demo::a, demo::b), S>", "(demo::a, demo::b)")]
    public void The_first_type_argument_is_the_future(string name, string expected) =>
        Assert.Equal(expected, TaskNamer.TypeArgument(name));

    [Fact]
    public void Names_that_contradict_each_other_name_nothing()
    {
        const string Cell = "core::ptr::drop_in_place<tokio::runtime::task::core::Cell<demo::";
        Assert.Equal("demo::a", TaskNamer.Agreed([$"{Cell}a, S>>", "memcpy", $"{Cell}a, S>>"], TaskNamer.TypeArgument));
        Assert.Null(TaskNamer.Agreed([$"{Cell}a, S>>", $"{Cell}b, S>>"], TaskNamer.TypeArgument));
        Assert.Null(TaskNamer.Agreed([], TaskNamer.TypeArgument));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tokio::runtime::task::raw::poll")]
    [InlineData("demo::Cell<a, b>")]
    [InlineData("tokio::runtime::task::core::Cell<")]
    [InlineData("tokio::runtime::task::core::Cell<demo::a<b, c")]
    [InlineData("tokio::runtime::task::harness::Harness<T,S>::poll")]
    [InlineData("tokio::runtime::task::harness::Harness<T1, S>::dealloc")]
    public void A_name_without_one_gives_none(string name) => Assert.Null(TaskNamer.TypeArgument(name));

    [Theory]
    [InlineData(
        "core::ptr::drop_in_place<tokio::runtime::task::core::Cell<tokio::runtime::blocking::task::BlockingTask<tokio::runtime::scheduler::multi_thread::worker::Launch::launch::{{closure}}>, S>>",
        true
    )]
    [InlineData(
        "tokio::runtime::task::raw::poll::<tokio::runtime::blocking::task::BlockingTask<tokio::runtime::scheduler::multi_thread::worker::block_in_place<shop::f::{closure#0}, ()>::{closure#0}>, S>",
        true
    )]
    [InlineData(
        "tokio::runtime::task::raw::poll::<tokio::runtime::blocking::task::BlockingTask<<tokio::runtime::scheduler::multi_thread::worker::Launch>::launch::{closure#0}>, S>",
        true
    )]
    [InlineData(
        "core::ptr::drop_in_place<tokio::runtime::task::core::Cell<tokio::runtime::blocking::task::BlockingTask<shop::export::{{closure}}>, S>>",
        false
    )]
    [InlineData("core::ptr::drop_in_place<tokio::runtime::task::core::Cell<shop::login::{{closure}}, S>>", false)]
    [InlineData("memcpy", false)]
    public void The_main_loop_of_a_worker_is_known_by_its_name(string name, bool isLoop) =>
        Assert.Equal(isLoop, TaskNamer.LoopOrType(name) == TaskNamer.WorkerLoop);

    [Theory]
    [InlineData("checkout::login::{{closure}}", "checkout::login")]
    [InlineData("checkout::login::{closure#0}", "checkout::login")]
    [InlineData("checkout::login::{async_fn_env#0}", "checkout::login")]
    [InlineData("checkout::login::{{closure}}::{{closure}}", "checkout::login")]
    [InlineData("checkout::{impl#3}::login", "checkout::{impl#3}::login")]
    [InlineData(" checkout::Job ", "checkout::Job")]
    [InlineData("tracing::instrument::Instrumented<checkout::login::{{closure}}>", "checkout::login")]
    [InlineData("tracing::instrument::Instrumented::<checkout::login::{closure#0}>", "checkout::login")]
    [InlineData(
        "tracing::instrument::WithDispatch<core::pin::Pin<alloc::boxed::Box<checkout::login::{{closure}}>>>",
        "checkout::login"
    )]
    [InlineData(
        "core::pin::Pin<alloc::boxed::Box<dyn core::future::Future>>",
        "alloc::boxed::Box<dyn core::future::Future>"
    )]
    [InlineData("checkout::Instrumented<T>", "checkout::Instrumented<T>")]
    [InlineData(
        "<svc::Stream<svc::AndThen<http::Service<net::TcpStream,map::Config<map::Err<web::AppInit<web::Entry,body::Boxed>,body::Boxed>>>>,net::TcpStream> as svc::Service<(worker::Guard,socket::Stream)>>::call::{{closure}}",
        "<svc::Stream<svc::AndThen<http::Service<net::TcpStream,map::Config<..>>>,net::TcpStream> as svc::Service<(worker::Guard,socket::Stream)>>::call"
    )]
    [InlineData(
        "wrap::Twice<a::very::long::path::to::a::function::that::takes::another<fn(u8) -> a::very::long::path::to::a::type::Of<Its<Own>>, and::more::of::it::so::that::it::does::not::fit>>",
        "wrap::Twice<a::very::long::path::to::a::function::that::takes::another<..>>"
    )]
    [InlineData("{closure}", "{closure}")]
    [InlineData("::{a}", "::{a}")]
    [InlineData("", "")]
    public void An_async_fn_is_called_as_people_wrote_it(string type, string expected) =>
        Assert.Equal(expected, TaskNamer.Readable(type));
}
