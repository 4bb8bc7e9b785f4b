namespace Hud.ClusterTests.Harness;

/// <summary>A user with the built-in role <c>edit</c> in one namespace, a session of theirs that runs, and a namespace that is not theirs.</summary>
public sealed class EditUser(Cluster cluster) : IAsyncLifetime
{
    public World Own { get; private set; } = null!;

    public World Other { get; private set; } = null!;

    /// <summary>Name of the agent pod that measures for the user.</summary>
    public string AgentPod { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!cluster.IsThere)
            return;
        Own = await World.WithSleeperAsync(cluster);
        Other = await World.CreateAsync(cluster);
        (await Own.KubectlAsync("create", "rolebinding", "alice", "--clusterrole=edit", "--user=alice")).Ok();
        // the controller manager aggregates roles in its own time
        await World.UntilAsync(
            "the aggregated role",
            60,
            async () =>
                (
                    await Own.KubectlAsync("auth", "can-i", "create", "profilingsessions.hud.dev", "--as=alice")
                ).Output.Trim() == "yes"
        );
        (
            await ApplyAsync(
                Own,
                World.SessionYaml("running", "target: {podName: p, processName: play-good}\nduration: 10m")
            )
        ).Ok();
        await Own.PhaseAsync("running", "Profiling");
        AgentPod = (await cluster.AgentsOfAsync(Own.Name)).Single()["metadata"]!["name"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        if (!cluster.IsThere)
            return;
        await Own.DisposeAsync();
        await Other.DisposeAsync();
    }

    public Task<CommandResult> KubectlAsync(params string[] arguments) =>
        cluster.KubectlAsync([.. arguments, "--as=alice"]);

    public Task<CommandResult> ApplyAsync(World world, string yaml, params string[] more) =>
        cluster.KubectlWithAsync(yaml, ["-n", world.Name, "apply", "-f", "-", "--as=alice", .. more]);
}
