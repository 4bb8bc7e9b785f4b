using System.Text;
using Hud.Core.Stream;
using Hud.Metrics.Format;
using Hud.Metrics.Http;

namespace Hud.Metrics.Tests;

public sealed class MetricsFeedTests
{
    private readonly MetricsPages _pages = new(TimeProvider.System);
    private readonly MetricsFeed _feed;

    public MetricsFeedTests() => _feed = new MetricsFeed(_pages);

    private static byte[] Line(StreamMessage message) => [.. StreamLine.Of(message)!, (byte)'\n'];

    private string Page() =>
        string.Concat(_pages.Answer(new PageRequest("/metrics", "")).Body.Select(p => Encoding.UTF8.GetString(p.Span)));

    [Fact]
    public void Pieces_of_lines_are_put_together()
    {
        foreach (byte one in Line(Messages.Checkout()))
            _feed.Push([one]);
        Assert.Contains("hud_workers{", Page(), StringComparison.Ordinal);
        Assert.Equal(0, _feed.BadLines);
    }

    [Fact]
    public void A_run_that_begins_anew_counts_its_lines_from_one_again()
    {
        var message = Messages.Checkout();
        _feed.Push(Line(message with { Seq = 100 }));
        _feed.Push("{\"t\":\"metr"u8);
        _feed.BeginAnew();
        _feed.Push(
            Line(
                message with
                {
                    Seq = 1,
                    Run = message.Run with { StartedAt = Messages.Now },
                    Target = message.Target with { Stalls = 77 },
                }
            )
        );
        Assert.Contains("process=\"checkout\"} 77\n", Page(), StringComparison.Ordinal);
        Assert.Equal(0, _feed.BadLines);
    }

    [Fact]
    public void What_is_no_message_is_counted()
    {
        _feed.Push("\n\nno\n"u8);
        _feed.Push(Encoding.ASCII.GetBytes(new string('x', StreamLimits.MaxLineBytes + 10) + "\n"));
        _feed.Push(Line(Messages.Checkout()));
        Assert.Equal(2, _feed.BadLines);
        Assert.Contains("hud_lost_events_total{kind=\"metrics_unreadable\"} 2\n", Page(), StringComparison.Ordinal);
        Assert.Contains("hud_up 1\n", Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_that_nobody_took_are_a_loss()
    {
        var message = Messages.Checkout();
        _feed.Push(Line(message with { Run = message.Run with { MessagesDropped = 9 } }));
        Assert.Contains("hud_lost_events_total{kind=\"metrics_dropped\"} 9\n", Page(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_stays_what_it_was_when_it_was_begun()
    {
        _feed.Push(Line(Messages.Checkout()));
        var families = Messages.State(Messages.Checkout()).Families(Messages.Now);
        using var parts = _pages.Answer(new PageRequest("/metrics", "")).Body.GetEnumerator();
        Assert.True(parts.MoveNext());
        string served = Encoding.UTF8.GetString(parts.Current.Span);
        var other = Messages.Checkout();
        _feed.Push(Line(other with { Target = other.Target with { Tasks = [], Stalls = 1000 } }));
        while (parts.MoveNext())
            served += Encoding.UTF8.GetString(parts.Current.Span);
        Assert.Equal(
            TextFormat.Plain(
                families.Where(f => f.Info == MetricCatalog.PollDuration || f.Info == MetricCatalog.Stalls)
            ),
            string.Concat(
                served
                    .Split("# HELP ")
                    .Where(f =>
                        f.StartsWith(MetricCatalog.PollDuration.Name, StringComparison.Ordinal)
                        || f.StartsWith(MetricCatalog.Stalls.Name, StringComparison.Ordinal)
                    )
                    .Select(f => "# HELP " + f)
            )
        );
    }
}
