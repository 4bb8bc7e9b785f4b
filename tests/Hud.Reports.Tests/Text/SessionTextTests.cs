using Hud.Core.Api;
using Hud.Reports.Text;

namespace Hud.Reports.Tests.Text;

public sealed class SessionTextTests
{
    [Fact]
    public void The_longest_wait_for_a_worker_stands_below_the_verdict_in_one_line()
    {
        string text = Describe(
            new StatusWait
            {
                Task = "shop::auth::login",
                P99 = "62ms",
                Max = "140ms",
                Behind = "auth::hash_password",
                BehindPercent = 81,
            }
        );

        Assert.Contains(
            "\n  waited for a worker: p99 62ms, max 140ms; 81% behind auth::hash_password\n",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_it_was_behind_is_left_out_where_it_is_not_known_and_no_name_breaks_the_line()
    {
        Assert.Contains(
            "  waited for a worker: p99 62ms, max 62ms; shop::auth::login\n",
            Describe(
                new StatusWait
                {
                    Task = "shop::auth::login",
                    P99 = "62ms",
                    Max = "62ms",
                }
            ),
            StringComparison.Ordinal
        );
        Assert.All(
            Describe(
                    new StatusWait
                    {
                        Task = new string('x', 500),
                        P99 = "62\u001b[31mms",
                        Behind = "\u001b]52;c;x\a" + new string('y', 500),
                    }
                )
                .Split('\n'),
            line =>
            {
                Assert.InRange(line.Length, 0, 80);
                Assert.DoesNotContain('\u001b', line);
            }
        );
        Assert.DoesNotContain("waited", Describe(null), StringComparison.Ordinal);
    }

    private static string Describe(StatusWait? wait) =>
        SessionText.Describe(
            new ProfilingSession
            {
                Status = new ProfilingSessionStatus
                {
                    Verdict = "BLOCKED 11% of worker time",
                    Summary = new StatusSummary { WorstWait = wait },
                },
            },
            80,
            color: false
        );
}
