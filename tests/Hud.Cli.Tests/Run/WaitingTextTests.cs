using Hud.Cli.Run;
using Hud.Core.Stream;

namespace Hud.Cli.Tests.Run;

public class WaitingTextTests
{
    [Theory]
    [InlineData("shop", 12_900_000_000, true, "waiting for a process named shop: the last ended 12 s ago")]
    [InlineData(
        "/srv/shop",
        125_000_000_000,
        true,
        "waiting for a process that runs /srv/shop: the last ended 2 min ago"
    )]
    [InlineData("shop", 0, false, "waiting for a process named shop, for 0 s so far")]
    [InlineData("", 8_000_000_000_000, true, "waiting for a process of the list: the last ended 2 h ago")]
    [InlineData("a\u001b[31mb", -5, true, "waiting for a process named a?[31mb: the last ended 0 s ago")]
    public void It_says_what_for_and_since_when(string name, long ns, bool hadOne, string text) =>
        Assert.Equal(
            text,
            WaitingText.Of(
                new WaitingFor
                {
                    Name = name,
                    ForNs = ns,
                    HadOne = hadOne,
                }
            )
        );

    [Fact]
    public void The_line_of_progress_says_it()
    {
        var progress = new ProgressMessage
        {
            Waiting = new WaitingFor { Name = "shop", HadOne = true },
        };
        Assert.Contains("waiting for a process named shop", ProgressView.Line(progress), StringComparison.Ordinal);
        Assert.DoesNotContain("waiting", ProgressView.Line(new ProgressMessage()), StringComparison.Ordinal);
    }
}
