using Hud.ClusterTests.Harness;

namespace Hud.ClusterTests;

/// <summary>Agents that fail in every way a program can: the session ends with the reason, and says what was lost.</summary>
public sealed class MisbehaviourTests(Cluster cluster)
{
    [Fact]
    public async Task An_agent_that_misbehaves_ends_its_session_with_the_reason()
    {
        (string Part, string Outcome, string? Losses)[] parts =
        [
            ("no-tokio", "Failed NoTokioRuntime", null),
            ("crash", "Failed AgentCrashed", null),
            ("bad-hash", "Failed AgentCrashed", null),
            ("gap", "Complete AllTargetsProfiled", "EventsDropped"),
            ("cut", "Complete AllTargetsProfiled", "EventsDropped"),
            ("deaf", "Failed Timeout", null),
        ];
        await using var world = await World.WithSleeperAsync(cluster);
        await world.ApplyAsync(
            string.Join(
                "---\n",
                parts.Select(p =>
                    World.SessionYaml(
                        p.Part,
                        $"target: {{podName: p, processName: play-{p.Part}}}\nduration: 4s\nstartDeadline: {(p.Part == "deaf" ? 40 : 120)}s"
                    )
                )
            )
        );
        foreach (var (part, outcome, losses) in parts)
        {
            var session = await world.FinishedAsync(part);
            Assert.Equal((part, outcome), (part, World.Outcome(session)));
            Assert.NotEmpty(session["status"]!["verdict"]!.GetValue<string>());
            if (losses is not null)
                Assert.Equal(
                    ("False", losses),
                    (
                        World.Condition(session, "ResultsComplete")?.Status,
                        World.Condition(session, "ResultsComplete")?.Reason
                    )
                );
            if (part == "deaf")
                Assert.Equal("DeadlineExceeded", World.Condition(session, "Stalled")?.Reason);
        }
        await world.NoAgentsAsync();
    }
}
