using Hud.Frames;

namespace Hud.Analysis.Tests;

public class RustPathTests
{
    [Theory]
    [InlineData("tokio::sync::mutex::Mutex<T>::lock", "tokio::sync::mutex::Mutex::lock")]
    [InlineData("<tokio::sync::mutex::Mutex<u8>>::lock", "tokio::sync::mutex::Mutex::lock")]
    [InlineData(
        "tokio::runtime::task::raw::poll::<checkout::f::{closure#0}, alloc::sync::Arc<X>>",
        "tokio::runtime::task::raw::poll"
    )]
    [InlineData("tokio::runtime::task::raw::poll<checkout::f::{async_fn_env#0}, X>", "tokio::runtime::task::raw::poll")]
    [InlineData("<std::fs::File as std::io::Read>::read", "std::fs::File::read")]
    [InlineData("<&std::fs::File as std::io::Read>::read", "std::fs::File::read")]
    [InlineData("checkout::login::{{closure}}", "checkout::login")]
    [InlineData("checkout::login::{{closure}}::{{closure}}", "checkout::login")]
    [InlineData("checkout::login::{closure#0}::{closure#12}", "checkout::login")]
    [InlineData("checkout::map::<fn(u8) -> u8, u8>", "checkout::map")]
    [InlineData("core::str::<impl str>::parse", "core::str::impl::parse")]
    [InlineData("std::ostream::operator<<", "std::ostream::operator<<")]
    [InlineData("checkout::work.cold", "checkout::work")]
    [InlineData("work.constprop.0", "work")]
    [InlineData("read", "read")]
    public void Bare_names_are_the_same_for_both_schemes(string function, string bare) =>
        Assert.Equal(bare, RustPath.Bare(function));

    [Theory]
    [InlineData("<std::fs::File as std::io::Read>::read", "std::io::Read::read")]
    [InlineData("<T as tower::Service<R>>::call::{{closure}}", "tower::Service::call")]
    [InlineData("std::fs::read", null)]
    public void The_trait_of_a_method_is_known(string function, string? trait) =>
        Assert.Equal(trait, RustPath.BareTrait(function));

    [Theory]
    [InlineData("checkout::login::{{closure}}", "checkout::login")]
    [InlineData("checkout::login::{closure#0}", "checkout::login")]
    [InlineData("checkout::main::{{closure}}::{{closure}}", "checkout::main")]
    [InlineData("checkout::work::<u8, alloc::string::String>", "checkout::work")]
    [InlineData(
        "<checkout::Svc<T> as tower::Service<http::Request<B>>>::call::{{closure}}",
        "<checkout::Svc as tower::Service>::call"
    )]
    [InlineData("<checkout::Basket>::total", "checkout::Basket::total")]
    [InlineData("core::ptr::drop_in_place<checkout::Basket<u8>>", "drop of checkout::Basket")]
    [InlineData("{{closure}}", "{{closure}}")]
    public void Names_are_shown_as_people_wrote_them(string function, string shown) =>
        Assert.Equal(shown, RustPath.Display(function));

    [Fact]
    public void Any_text_is_survived()
    {
        var random = new Random(7);
        var pieces = new[]
        {
            "<",
            ">",
            "::",
            " as ",
            "{",
            "}",
            "(",
            ")",
            "->",
            "a",
            "checkout",
            "&",
            "dyn ",
            "for<",
            "core::ptr::drop_in_place",
            ".",
            "'",
            " ",
            "[",
            "]",
            "impl ",
        };
        for (var i = 0; i < 50_000; i++)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Next(14)).Select(_ => pieces[random.Next(pieces.Length)])
            );
            _ = RustPath.Bare(text);
            _ = RustPath.BareTrait(text);
            _ = RustPath.Display(text);
            _ = FrameClassifier.Classify(text, text);
        }

        var deep =
            string.Concat(Enumerable.Repeat("<", 20_000))
            + "a"
            + string.Concat(Enumerable.Repeat(" as b>", 20_000))
            + "::c";
        Assert.NotNull(RustPath.Bare(deep));
        Assert.NotNull(RustPath.Display(deep));
        _ = FrameClassifier.Classify(deep, null);
    }
}
