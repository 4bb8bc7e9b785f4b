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

    [Theory]
    [InlineData("")]
    [InlineData("tokio::runtime::task::raw::poll")]
    [InlineData("demo::Cell<a, b>")]
    [InlineData("tokio::runtime::task::core::Cell<")]
    [InlineData("tokio::runtime::task::core::Cell<demo::a<b, c")]
    public void A_name_without_one_gives_none(string name) => Assert.Null(TaskNamer.TypeArgument(name));

    [Theory]
    [InlineData("checkout::login::{{closure}}", "checkout::login")]
    [InlineData("checkout::login::{closure#0}", "checkout::login")]
    [InlineData("checkout::login::{async_fn_env#0}", "checkout::login")]
    [InlineData("checkout::login::{{closure}}::{{closure}}", "checkout::login")]
    [InlineData("checkout::{impl#3}::login", "checkout::{impl#3}::login")]
    [InlineData(" checkout::Job ", "checkout::Job")]
    [InlineData("{closure}", "{closure}")]
    [InlineData("::{a}", "::{a}")]
    [InlineData("", "")]
    public void An_async_fn_is_called_as_people_wrote_it(string type, string expected) =>
        Assert.Equal(expected, TaskNamer.Readable(type));
}
