using Hud.Analysis;
using Hud.Cli.Cockpit;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Reports.Tests.Documents;

namespace Hud.Cli.Tests.Cockpit;

/// <summary>A run as in its stream: the made-up service of the report tests, second by second.</summary>
internal static class Models
{
    public static LiveModel Checkout(int seconds = 30)
    {
        var model = new LiveModel();
        foreach (var message in Stream(seconds))
            model.Accept(message);
        return model;
    }

    /// <summary>The same service with its first hotspot twice: the call is on two lines of one function.</summary>
    public static LiveModel Alike()
    {
        var model = Checkout();
        var now = model.Now!;
        var first = now.Hotspots[0];
        var second = first with { Rank = 2, Location = "src/login.rs:77", Fingerprint = first.Fingerprint + "-77" };
        model.Accept(now with { Hotspots = [first, second, .. now.Hotspots.Skip(1)] });
        return model;
    }

    /// <summary>The service has ended, and the run goes on with the next process.</summary>
    public static LiveModel Waiting()
    {
        var model = Checkout();
        model.Accept(
            model.Now! with
            {
                Waiting = new WaitingFor
                {
                    Name = "checkout",
                    ForNs = 12_700_000_000,
                    HadOne = true,
                },
                Workers = [],
            }
        );
        return model;
    }

    /// <summary>Nothing is slow, and the workers do nothing but poll.</summary>
    public static LiveModel Saturated()
    {
        var model = new LiveModel();
        foreach (var message in Stream(30))
            model.Accept(
                message is ProgressMessage p
                    ? p with
                    {
                        Hotspots = [],
                        SlowPolls = [],
                        Summary = p.Summary with { SlowPolls = 0, BlockedPercent = 0, WorstPollNs = 0 },
                        Workers = [.. p.Workers.Select(w => w with { BusyPercent = 97, LostPercent = 0 })],
                    }
                    : message
            );
        return model;
    }

    public static IEnumerable<StreamMessage> Stream(int seconds)
    {
        var d = RealisticDocuments.Checkout().WithWaits();
        var target = d.Targets[0] with { Pod = null };
        yield return new HelloMessage
        {
            Seq = 1,
            Agent = d.Agent,
            BudgetPercent = 1,
            CostPerPollNs = 1370,
            Session = d.Session,
        };
        yield return new TargetMessage { Seq = 2, Target = target };
        yield return new WarningMessage
        {
            Seq = 3,
            Id = "HUD305",
            Text = "lines are missing: the binary has no debug information",
            NextStep = "add to Cargo.toml:\n[profile.release]\ndebug = \"line-tables-only\"",
        };
        for (int s = 1; s <= seconds; s++)
            yield return Second(d, s) with
            {
                Seq = 3 + s,
            };
    }

    private static ProgressMessage Second(ProfileDocument d, int second)
    {
        long now = second * 1_000_000_000L;
        double share = now / (double)d.Summary.ObservedNs;
        var past = d.SlowPolls.Where(p => p.StartNs + p.WallNs <= now).ToList();
        var hotspots = d
            .Hotspots.Select((h, i) => Upto(h, past.Where(p => p.Hotspot == i).ToList(), now, d.Summary.Workers))
            .Where(h => h.Count > 0)
            .ToList();
        long lost = past.Sum(p => p.OnCpuNs + p.BlockedNs);
        var summary = d.Summary with
        {
            ObservedNs = now,
            Polls = (long)(d.Summary.Polls * share),
            SlowPolls = past.Count,
            BlockedPercent = Math.Round(100.0 * lost / now / d.Summary.Workers, 2),
            WorstPollNs = past.Select(p => p.WallNs).DefaultIfEmpty(0).Max(),
            RunQueueNs = past.Sum(p => p.RunQueueNs),
        };
        var (level, verdict) = Verdict.Of(d with { Hotspots = hotspots, Summary = summary });
        return new ProgressMessage
        {
            ElapsedNs = now,
            Verdict = verdict,
            VerdictLevel = level,
            Hotspots = hotspots,
            Summary = summary,
            Workers = [.. d.Workers.Select((w, i) => Worker(d, w, i, now))],
            Tasks =
            [
                .. d.Tasks.Select(t =>
                    t with
                    {
                        Polls = (long)(t.Polls * share),
                        SlowPolls = (long)(t.SlowPolls * share),
                        TotalNs = (long)(t.TotalNs * share),
                    }
                ),
            ],
            SlowPolls = [.. past.Where(p => p.StartNs + p.WallNs > now - 1_000_000_000)],
            Overhead = d.Overhead,
        };
    }

    private static Hotspot Upto(Hotspot h, List<SlowPoll> polls, long now, int workers)
    {
        long total = polls.Sum(p => p.OnCpuNs + p.BlockedNs);
        return h with
        {
            Count = polls.Count,
            TotalNs = total,
            Percent = Math.Round(100.0 * total / now / workers, 2),
            MaxNs = polls.Select(p => p.WallNs).DefaultIfEmpty(0).Max(),
        };
    }

    private static WorkerNow Worker(ProfileDocument d, WorkerProfile w, int index, long now)
    {
        var open = d.SlowPolls.FirstOrDefault(p => p.Worker == index && p.StartNs <= now && p.StartNs + p.WallNs > now);
        double lost =
            d.SlowPolls.Where(p => p.Worker == index)
                .Sum(p => Math.Max(0, Math.Min(now, p.StartNs + p.WallNs) - Math.Max(now - 1e9, p.StartNs))) / 1e7;
        return new WorkerNow
        {
            Tid = w.Tid,
            Name = w.Name,
            State =
                open is null ? "idle"
                : open.Cause == HotspotCause.OnCpu ? "polling"
                : open.Cause == HotspotCause.RunQueue ? "queued"
                : "blocked",
            Task = open is null ? "" : d.Tasks[open.Task].Name,
            SinceNs = open is null ? 0 : now - open.StartNs,
            BusyPercent = Math.Min(100, Math.Round(lost + 8, 1)),
            LostPercent = Math.Round(lost, 1),
        };
    }
}
