using Hud.Elf;

namespace Hud.Tokio.Tests;

/// <summary>What is known of a file besides its tables, and of several files together.</summary>
public sealed class TokioBinaryTests
{
    private const ulong Text = 0x401000;

    private static byte[] CodeWith(string text, int at = 64)
    {
        byte[] code = new byte[at + text.Length];
        Array.Fill(code, (byte)0x55, 0, 64); // push %rbp
        System.Text.Encoding.ASCII.GetBytes(text, code.AsSpan(at));
        return code;
    }

    private static ulong[] Vtable(ulong id, ulong at = Text) =>
        [.. Enumerable.Range(0, 7).Select(i => at + ((ulong)i * 8)), 0x100, 0x20, id];

    private static TokioBinary Discover(string text, params ulong[] words) =>
        TokioBinary.Discover(VtableShapeTests.Program(words, CodeWith(text)));

    [Fact]
    public void The_version_is_found_where_constants_lie_in_the_segment_of_the_code() =>
        Assert.Equal("1.43.1", Discover("x/tokio-1.43.1/src/runtime/y", Vtable(0x28)).TokioVersion);

    [Theory]
    [InlineData((1 << 20) - 8)] // across the border of two pieces
    [InlineData((1 << 20) - 64)]
    [InlineData((2 << 20) + 5)]
    public void A_text_is_found_at_every_place_of_a_large_segment(int at)
    {
        var elf = VtableShapeTests.Program([0], CodeWith("/tokio-1.53.2/src", at));
        Assert.Equal("1.53.2", TokioVersions.Find(elf, []));
        Assert.Equal(Text + (ulong)at, LoadedBytes.Find(elf, "/tokio-"u8, long.MaxValue));
        Assert.Null(LoadedBytes.Find(elf, "/tokio-"u8, 1 << 19));
    }

    [Theory]
    [InlineData(0x20, "1.23..1.39")]
    [InlineData(0x30, ">=1.40")]
    [InlineData(0x40, ">=1.40")]
    [InlineData(0x28, ">=1.23")]
    public void Without_a_path_the_blocking_tasks_give_a_range(ulong id, string version) =>
        Assert.Equal(version, Discover("", [.. Vtable(0x28), .. Vtable(id, Text + 8)]).TokioVersion);

    [Theory]
    [InlineData("must be called from the context of a Tokio 1.x runtime", true)]
    [InlineData("a library of something else", false)]
    public void A_word_of_its_messages_shows_whether_a_library_is_worth_a_look(string text, bool likely) =>
        Assert.Equal(likely, TokioBinary.IsLikelyIn(VtableShapeTests.Program([0], CodeWith(text))));

    [Fact]
    public void Types_of_several_files_know_their_file_and_keep_their_order()
    {
        var first = Discover("/tokio-1.43.1/src", Vtable(0x28));
        var second = Discover(
            "/tokio-1.53.2/src",
            [.. Vtable(0x28, Text + 8), .. Vtable(0x28, Text + 16), .. Vtable(0x30, Text)]
        );
        var both = TokioBinary.Join([first, second]);
        Assert.Equal([(0, Text), (1, Text + 8), (1, Text + 16)], both.Types.Select(t => (t.File, t.Site)));
        Assert.Equal(("1.43.1, 1.53.2", 1, false), (both.TokioVersion, both.BlockingTypes, both.FromSymbols));
        Assert.Same(first, TokioBinary.Join([first]));
    }
}
