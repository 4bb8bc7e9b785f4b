using Hud.Core.Profile;

namespace Hud.Reports.Tests.Documents;

internal static class SlowPollMaker
{
    /// <summary>Polls of one worker never overlap; a burst in the middle of the run makes every worker slow at once.</summary>
    public static List<SlowPoll> Make(
        DocumentShape shape,
        Random random,
        long observed,
        int[][] stacksOf,
        List<string> tasks
    )
    {
        var free = new long[shape.Workers];
        var polls = new List<SlowPoll>(shape.SlowPolls);
        double spacing = (double)observed * shape.Workers / Math.Max(1, shape.SlowPolls);
        for (int i = 0; i < shape.SlowPolls; i++)
        {
            int worker = Array.IndexOf(free, free.Min());
            int blocker = DocumentBuilder.PickWeighted(random, shape.Blockers);
            var kind = shape.Blockers[blocker];
            double scale = Math.Exp((random.NextDouble() - 0.5) * 1.4) * shape.MeanScale;
            long wall = Math.Max(5_050_000, (long)(kind.MeanMs * 1e6 * scale));
            long runQueue = kind.Cause == HotspotCause.RunQueue ? wall * 9 / 10 : wall / 50;
            long main = wall - runQueue;
            long other = main / 20;
            bool onCpu = kind.Cause is HotspotCause.OnCpu or HotspotCause.RunQueue;
            long start = free[worker] + (long)(random.NextDouble() * Math.Max(1e6, shape.Spread * (spacing - wall)));
            if (i > shape.SlowPolls / 2 && i < shape.SlowPolls / 2 + shape.Workers * 3)
                start = free[worker] + 200_000;
            if (start + wall > observed)
            {
                free[worker] = long.MaxValue / 4;
                if (free.All(f => f > observed))
                    break;
                continue;
            }

            if (shape.AllStuck && i == shape.SlowPolls / 3)
                Array.Fill(free, free.Max() + 1_000_000);
            if (shape.AllStuck && i > shape.SlowPolls / 3 && i <= shape.SlowPolls / 3 + shape.Workers)
                start = free[worker];
            free[worker] = start + wall;
            polls.Add(
                new SlowPoll
                {
                    Worker = worker,
                    Task = tasks.IndexOf(kind.Task),
                    TaskId = (ulong)(1000 + i),
                    StartNs = start,
                    WallNs = wall,
                    OnCpuNs = onCpu ? main - other : other,
                    BlockedNs = onCpu ? other : main - other,
                    RunQueueNs = runQueue,
                    Cause = kind.Cause,
                    Stack = stacksOf[blocker][i % stacksOf[blocker].Length],
                }
            );
        }

        return [.. polls.OrderBy(p => p.StartNs).ThenBy(p => p.Worker)];
    }
}

internal static class StallMaker
{
    public static List<Stall> Find(List<SlowPoll> polls, int workers)
    {
        var edges = polls
            .SelectMany(p => new[] { (At: p.StartNs, Step: 1), (At: p.StartNs + p.WallNs, Step: -1) })
            .OrderBy(e => e.At)
            .ThenBy(e => e.Step);
        var stalls = new List<Stall>();
        int open = 0;
        long since = 0;
        foreach (var (at, step) in edges)
        {
            if (open == workers && step < 0 && at > since)
                stalls.Add(new Stall { StartNs = since, DurationNs = at - since });
            open += step;
            if (open == workers && step > 0)
                since = at;
        }

        return stalls;
    }
}
