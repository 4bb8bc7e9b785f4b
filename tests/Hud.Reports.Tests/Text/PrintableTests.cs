using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

public class PrintableTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\x1b[31mb", "a?[31mb")]
    [InlineData("tab\tnul\0bell\a", "tab?nul?bell?")]
    [InlineData("right\u202eleft", "right?left")]
    [InlineData("one\u2028two", "one?two")]
    [InlineData("c1\u009bcsi", "c1?csi")]
    [InlineData("größe 東京", "größe 東京")]
    public void Clean_leaves_only_what_a_terminal_prints(string raw, string clean) =>
        Assert.Equal(clean, Printable.Clean(raw));

    [Fact]
    public void Half_a_surrogate_pair_is_not_a_character() => Assert.Equal("half ?", Printable.Clean("half \ud83d"));

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("東京", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("💥", 2)]
    public void Width_counts_columns(string text, int columns) => Assert.Equal(columns, Printable.Width(text));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "ab...")]
    [InlineData("東京東京", 7, "東京...")]
    [InlineData("abcdef", 2, "ab")]
    public void Fit_cuts_at_the_end(string text, int width, string fitted) =>
        Assert.Equal(fitted, Printable.Fit(text, width));

    [Theory]
    [InlineData("src/very/long/path.rs:42", 12, "...ath.rs:42")]
    [InlineData("short.rs:1", 12, "short.rs:1")]
    public void FitEnd_keeps_the_end_of_a_path(string text, int width, string fitted) =>
        Assert.Equal(fitted, Printable.FitEnd(text, width));

    [Theory]
    [InlineData("checkout::login", 40, "checkout::login")]
    [InlineData("poll<demo::job::{async_fn_env#0}, Arc<Handle>>", 12, "poll<..>")]
    [InlineData("<core::iter::Map<I, F> as core::Iterator>::next", 25, "<Map as Iterator>::next")]
    [InlineData("<&mut I as core::iter::Iterator>::next", 28, "<&mut I as Iterator>::next")]
    [InlineData("<dyn Fn(u8) -> u8 as a::Call>::call", 33, "<dyn Fn(u8) -> u8 as Call>::call")]
    [InlineData("a::b::c::deep::module::function_name", 24, "..::module::function_name")]
    [InlineData("map<fn(u8) -> Result<T>>::run", 12, "map<..>::run")]
    public void FitPath_drops_generics_then_leading_modules(string path, int width, string fitted)
    {
        string result = Printable.FitPath(path, width);

        Assert.True(Printable.Width(result) <= width, result);
        if (fitted.Length <= width)
            Assert.Equal(fitted, result);
    }

    [Fact]
    public void FitPath_never_exceeds_the_width_whatever_comes()
    {
        var random = new Random(1);
        const string alphabet = "<>::ab->=, 東{}";
        for (int i = 0; i < 5000; i++)
        {
            string text = string.Concat(
                Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)])
            );
            int width = random.Next(4, 40);
            Assert.True(Printable.Width(Printable.FitPath(text, width)) <= width, text);
            Assert.True(Printable.Width(Printable.FitEnd(text, width)) <= width, text);
            Assert.All(Printable.Wrap(text, width), line => Assert.True(Printable.Width(line) <= width, text));
        }
    }

    [Theory]
    [InlineData("axum-0.7.5/src/routing/route.rs:165", 26, ".../routing/route.rs:165")]
    [InlineData("src/login.rs:42", 26, "src/login.rs:42")]
    [InlineData("one/a_very_long_file_name_indeed.rs:12", 20, "...name_indeed.rs:12")]
    public void FitLocation_drops_whole_folders(string location, int width, string fitted) =>
        Assert.Equal(fitted, Printable.FitLocation(location, width));

    [Fact]
    public void Wrap_breaks_at_spaces_and_cuts_only_what_is_too_long() =>
        Assert.Equal(
            ["move the", "work to", "a_word_tha", "t_is_long", "pool"],
            Printable.Wrap("move the  work to a_word_that_is_long pool", 10)
        );
}
