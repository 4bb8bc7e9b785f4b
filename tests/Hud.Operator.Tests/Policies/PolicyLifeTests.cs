using Hud.Core.Api;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Microsoft.Extensions.Time.Testing;
using static Hud.Operator.Tests.Policies.MakePolicy;

namespace Hud.Operator.Tests.Policies;

/// <summary>
/// Weeks of policies, played: operators come, go and lead two at a time with old views, clocks are set, sessions end or do not, users meddle. Whatever
/// happens, some things never do.
/// </summary>
public sealed class PolicyLifeTests
{
    private static readonly string[] Crons =
    [
        "* * * * *",
        "*/7 * * * *",
        "0 * * * *",
        "30 2 * * *",
        "15 */4 1,15 * 1-5",
    ];
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York"];

    /// <summary>What the server has of one policy's sessions, by their names; it takes no name twice.</summary>
    private sealed class Server
    {
        public Dictionary<string, SessionEntity> Sessions { get; } = new(StringComparer.Ordinal);

        /// <summary>Every session that was ever made, in order.</summary>
        public List<string> Made { get; } = [];

        public bool Create(PolicyEntity policy, NewRun run)
        {
            var session = Run(run.Scheduled, RunState.Active, policy, begun: false, run.Missed);
            if (!Sessions.TryAdd(run.Name, session))
                return false;
            Made.Add(run.Name);
            return true;
        }
    }

    private sealed class Leader(FakeTimeProvider clock)
    {
        private PolicyMemory? _memory;

        public List<SessionEntity> View { get; set; } = [];

        public void Restart() => _memory = null;

        public PolicyDecision Look(PolicyEntity policy, ScheduleSpec spec, Server server)
        {
            var o = Observation(spec, [.. View], policy, clock.GetUtcNow(), _memory);
            var decision = PolicyDecider.Decide(o);
            var again = PolicyDecider.Decide(o);
            Assert.Equal((decision.Create, decision.RequeueAfter), (again.Create, again.RequeueAfter));
            _memory = o.Memory;
            if (decision.Create is { } run)
            {
                server.Create(policy, run);
                _memory = _memory with { Done = run.Scheduled };
            }
            return decision;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void No_run_is_made_twice_nor_before_it_is_due_nor_too_late_and_none_of_others_is_touched(int seed)
    {
        var random = new Random(seed);
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 27, 0, 0, 0, TimeSpan.Zero));
        var spec = new ScheduleSpec
        {
            Cron = Crons[random.Next(Crons.Length)],
            TimeZone = Zones[random.Next(Zones.Length)],
            ConcurrencyPolicy = (ConcurrencyPolicy)random.Next(3),
            SuccessfulSessionsHistoryLimit = random.Next(4),
            FailedSessionsHistoryLimit = random.Next(3),
        };
        var policy = Policy(spec, created: clock.GetUtcNow());
        var server = new Server();
        var stranger = Run(clock.GetUtcNow().AddYears(-1));
        stranger.Metadata.OwnerReferences![0].Uid = "another";
        server.Sessions[stranger.Name] = stranger;
        Leader[] leaders = [new(clock), new(clock)];
        var (missed, steps) = (0L, 0);
        for (; steps < 4000; steps++)
        {
            clock.Advance(
                random.Next(40) == 0 ? TimeSpan.FromHours(random.Next(1, 60)) : TimeSpan.FromSeconds(random.Next(1, 90))
            );
            foreach (var leader in leaders.Where(_ => random.Next(3) > 0))
            {
                if (random.Next(50) == 0)
                    leader.Restart();
                // a view that is behind, by as much as it was not renewed
                if (random.Next(3) > 0)
                    leader.View = [.. server.Sessions.Values];
                var now = clock.GetUtcNow();
                var before = server.Made.Count;
                var decision = leader.Look(policy, spec, server);
                Assert.True(server.Made.Count <= before + 1);
                if (decision.Create is { } run)
                {
                    Assert.InRange(now - run.Scheduled, TimeSpan.Zero, spec.StartingDeadline.ToTimeSpan());
                    missed += run.Missed;
                    if (spec.ConcurrencyPolicy == ConcurrencyPolicy.Forbid)
                        Assert.DoesNotContain(
                            leader.View,
                            s => s != stranger && PolicyRun.Of(policy, s)!.State == RunState.Active
                        );
                }
                foreach (var gone in decision.Delete)
                {
                    Assert.NotSame(stranger, gone.Session);
                    server.Sessions.Remove(gone.Name);
                }
                foreach (var stopped in decision.Stop)
                    stopped.Session.Status = Status(RunState.Completed);
            }
            foreach (var session in server.Sessions.Values.Where(s => s != stranger))
            {
                if (PolicyRun.Of(policy, session)!.State == RunState.Active)
                    session.Status = random.Next(4) switch
                    {
                        0 => Status(RunState.Completed),
                        1 when random.Next(3) == 0 => Status(RunState.Failed),
                        _ => Status(RunState.Active),
                    };
            }
        }
        Assert.Equal(server.Made.Distinct().Order(), server.Made.Order());
        Assert.Same(stranger, server.Sessions[stranger.Name]);
        Assert.NotEmpty(server.Made);
        Assert.True(missed > 0, "no outage in this life");
        // and in the end the history is kept
        foreach (var leader in leaders)
        {
            leader.View = [.. server.Sessions.Values];
            foreach (var gone in leader.Look(policy, spec, server).Delete)
                server.Sessions.Remove(gone.Name);
        }
        var over = server.Sessions.Values.Where(s => s != stranger).Select(s => PolicyRun.Of(policy, s)!).ToList();
        Assert.True(
            over.Count(r => r.State == RunState.Completed) <= Math.Max(1, spec.SuccessfulSessionsHistoryLimit + 1)
        );
        Assert.True(over.Count(r => r.State == RunState.Failed) <= Math.Max(1, spec.FailedSessionsHistoryLimit + 1));
    }

    /// <summary>A clock that is set anywhere at any time: each minute gets one session at most while it is there, and time goes on.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void A_clock_that_is_set_at_will_makes_no_storm_and_no_silence(int seed)
    {
        var random = new Random(seed);
        var start = new DateTimeOffset(2026, 10, 24, 20, 0, 0, TimeSpan.Zero);
        var now = start;
        var spec = When() with { TimeZone = "Europe/Berlin" };
        var policy = Policy(spec, created: start);
        var server = new Server();
        PolicyMemory? memory = null;
        var silent = 0;
        for (var i = 0; i < 3000; i++)
        {
            now = random.Next(100) switch
            {
                0 => now.AddMinutes(-random.Next(1, 300)),
                1 => now.AddMinutes(random.Next(1, 300)),
                2 => now.AddDays(random.Next(-2, 3)),
                _ => now.AddSeconds(60),
            };
            var o = Observation(spec, [.. server.Sessions.Values], policy, now, memory);
            var decision = PolicyDecider.Decide(o);
            memory = o.Memory;
            Assert.InRange(decision.RequeueAfter, TimeSpan.Zero, PolicyDecider.LongestPause + TimeSpan.FromSeconds(1));
            if (decision.Create is { } run)
            {
                silent = 0;
                server.Create(policy, run);
                memory = memory with { Done = run.Scheduled };
                if (server.Sessions[run.Name] is { } made)
                    made.Status = Status(RunState.Completed);
            }
            else
            {
                silent++;
            }
            foreach (var gone in decision.Delete)
                server.Sessions.Remove(gone.Name);
            // a minute that comes again is not silence: its session is there
            Assert.InRange(silent, 0, 5);
            Assert.InRange(server.Sessions.Count, 0, 30);
        }
    }
}
