using Hud.Cli.Local;
using Hud.Core.Diagnostics;

namespace Hud.Cli.Tests.Local;

public class ProcessPickerTests
{
    [Theory]
    [InlineData("2\n", 101)]
    [InlineData(" 1 \n", 100)]
    [InlineData("0\n4\n-1\nx\n3\n", 102)] // asked again until it is one of them
    [InlineData("\n", null)]
    [InlineData("9\n\n", null)]
    [InlineData("", null)] // the end of the input
    public void A_number_picks_and_an_empty_line_stops(string typed, int? pid)
    {
        using var input = new StringReader(typed);
        using var output = new StringWriter();

        var picked = ProcessPicker.Pick(Cart(3), input, output);

        Assert.Equal(pid, picked?.Pid);
        Assert.StartsWith("3 processes match:\n", output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("Which one? 1-3, or Enter to stop: ", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_process_has_its_number_pid_threads_and_arguments()
    {
        using var output = new StringWriter();

        ProcessPicker.Pick(Cart(2), TextReader.Null, output);

        string[] lines = output.ToString().Split('\n');
        Assert.Equal("   1      100  5 threads    /srv/cart 0", lines[1]);
        Assert.Equal("   2      101  5 threads    /srv/cart 1", lines[2]);
    }

    [Fact]
    public void A_long_list_is_cut_and_says_how_to_name_the_rest()
    {
        using var input = new StringReader("21\n20\n");
        using var output = new StringWriter();

        var picked = ProcessPicker.Pick(Cart(50), input, output);

        Assert.Equal(119, picked!.Pid);
        Assert.Contains("and 30 more; hud --pid names any of them", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("/srv/cart 20", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_picked_is_the_process_and_nothing_picked_is_HUD002()
    {
        var cart = Cart(3);

        Assert.Equal(102, ProcessResolver.Resolve(new("cart", null, null), cart, 0, pick: m => m[2]).Pid);
        Assert.Equal(
            DiagnosticKinds.SeveralProcesses,
            Assert
                .Throws<DiagnosticException>(() =>
                    ProcessResolver.Resolve(new("cart", null, null), cart, 0, pick: _ => null)
                )
                .Diagnostic.Kind
        );
    }

    private static List<ProcessEntry> Cart(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new ProcessEntry(100 + i, 1, "cart", "/srv/cart", $"/srv/cart {i}", 5)),
        ];
}
