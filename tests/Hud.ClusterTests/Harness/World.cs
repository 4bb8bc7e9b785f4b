using System.Text.Json.Nodes;

namespace Hud.ClusterTests.Harness;

/// <summary>A namespace of its own for one test, with pods and sessions; gone with the test.</summary>
public sealed class World : IAsyncDisposable
{
    private readonly Cluster _cluster;

    private World(Cluster cluster, string name) => (_cluster, Name) = (cluster, name);

    public string Name { get; }

    public static async Task<World> CreateAsync(Cluster cluster)
    {
        cluster.Require();
        var world = new World(cluster, "t" + Guid.NewGuid().ToString("N")[..8]);
        (await cluster.KubectlAsync("create", "namespace", world.Name)).Ok();
        // before 1.24 no pod is taken until the account has its token as well
        await UntilAsync(
            "the namespace's service account",
            120,
            async () =>
                await cluster.GetAsync("serviceaccounts", "default", world.Name) is { } account
                && (cluster.Minor >= 24 || account["secrets"] is not null)
        );
        return world;
    }

    /// <summary>A world with one pod, <c>p</c>, that only sleeps: a target for agents that play a part.</summary>
    public static async Task<World> WithSleeperAsync(Cluster cluster)
    {
        var world = await CreateAsync(cluster);
        await world.PodAsync("p", "/bin/sleep 3600");
        await world.PodsReadyAsync();
        return world;
    }

    public async ValueTask DisposeAsync()
    {
        // what makes sessions, then the sessions: an agent whose session is gone is the operator's to take away, and it should not have to
        await KubectlAsync("delete", "hpp", "--all", "--timeout=60s");
        await KubectlAsync("delete", "hps", "--all", "--timeout=60s");
        await KubectlAsync("delete", "pods", "--all", "--grace-period=0", "--force");
        await _cluster.KubectlAsync("delete", "namespace", Name, "--wait=false");
    }

    public Task<CommandResult> KubectlAsync(params string[] arguments) =>
        _cluster.KubectlAsync(["-n", Name, .. arguments]);

    public Task ApplyAsync(string yaml) => _cluster.ApplyAsync(yaml, Name);

    /// <param name="command">E.g. <c>/cpu_hog --seconds 600</c>.</param>
    public Task PodAsync(string name, string command, string more = "") => ApplyAsync(PodYaml(name, command, more));

    /// <summary>A part of the CPU of its own, as a real service asks for: without it, whatever else the machine does starves the pod.</summary>
    private static string Share(string more) =>
        more.Contains("resources:", StringComparison.Ordinal) ? more : ", resources: {requests: {cpu: 50m}}" + more;

    public static string PodYaml(string name, string command, string more = "") =>
        $$$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: {{{name}}}, labels: {app: {{{name}}}, set: all}}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - {name: app, image: "localhost/workloads:test", imagePullPolicy: Never, command: [{{{Words(
                command
            )}}}]{{{Share(more)}}}}

            """;

    /// <summary>A pod that a file of 200 MB in /mem makes run out of memory.</summary>
    public static string SmallPodYaml(string name, string command) =>
        $$$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: {{{name}}}, labels: {set: all}}
            spec:
              terminationGracePeriodSeconds: 0
              volumes: [{name: mem, emptyDir: {medium: Memory}}]
              containers:
              - name: app
                image: "localhost/workloads:test"
                imagePullPolicy: Never
                command: [{{{Words(command)}}}]
                resources: {limits: {memory: 64Mi}, requests: {cpu: 50m}}
                volumeMounts: [{name: mem, mountPath: /mem}]

            """;

    public static string Words(string command) => string.Join(", ", command.Split(' ').Select(w => $"\"{w}\""));

    public async Task PodsReadyAsync() =>
        (await KubectlAsync("wait", "--for=condition=Ready", "--timeout=120s", "pods", "--all")).Ok("pods");

    /// <param name="spec">The lines below spec, unindented.</param>
    public Task SessionAsync(string name, string spec) => ApplyAsync(SessionYaml(name, spec));

    public static string SessionYaml(string name, string spec) => Yaml("ProfilingSession", name, spec);

    private static string Yaml(string kind, string name, string spec) =>
        $"apiVersion: hud.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{string.Join('\n', spec.Split('\n').Select(l => "  " + l.TrimEnd()))}\n";

    /// <param name="spec">The lines below spec, unindented.</param>
    public static string PolicyYaml(string name, string spec) => Yaml("ProfilingPolicy", name, spec);

    public Task<JsonNode?> GetPolicyAsync(string name) =>
        _cluster.GetAsync("hud.dev/v1alpha1/profilingpolicies", name, Name);

    /// <summary>A policy once the operator has seen it as it is.</summary>
    public async Task<JsonNode> ObservedPolicyAsync(string name)
    {
        JsonNode? policy = null;
        await UntilAsync(
            $"word on policy {name}",
            60,
            async () =>
            {
                policy = await GetPolicyAsync(name);
                return policy?["status"]?["observedGeneration"]?.GetValue<long>()
                    == policy?["metadata"]?["generation"]?.GetValue<long>();
            },
            OperatorLogAsync
        );
        return policy!;
    }

    public Task<JsonNode?> GetSessionAsync(string name) => _cluster.SessionAsync(name, Name);

    public async Task<JsonNode> FinishedAsync(string name, int seconds = 240)
    {
        JsonNode? session = null;
        await UntilAsync(
            $"the end of session {name}",
            seconds,
            async () =>
            {
                session = await GetSessionAsync(name);
                return Condition(session, "Complete")?.Status == "True"
                    || Condition(session, "Failed")?.Status == "True";
            },
            () => DescribeAsync(name)
        );
        return session!;
    }

    public Task PhaseAsync(string name, string phase, int seconds = 120) =>
        UntilAsync(
            $"phase {phase} of session {name}",
            seconds,
            async () => Phase(await GetSessionAsync(name)) == phase,
            () => DescribeAsync(name)
        );

    /// <summary>
    /// No agent pod of a session of this world is left. Those that are being deleted get their time; the bound is above the two
    /// minutes after which a kubelet gives up one request to its runtime and asks again.
    /// </summary>
    public Task NoAgentsAsync() =>
        UntilAsync(
            "no agent pod",
            300,
            async () => (await _cluster.AgentsOfAsync(Name)).Count == 0,
            async () =>
                string.Join('\n', (await _cluster.AgentsOfAsync(Name)).Select(p => p!.ToJsonString()))
                + await OperatorLogAsync()
        );

    private async Task<string> OperatorLogAsync() =>
        (await _cluster.KubectlAsync("-n", Cluster.System, "logs", "-l", Cluster.OperatorPods, "--tail=60")).All;

    /// <summary>The reasons of the events of a session.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync(string session) =>
        [
            .. (await _cluster.ListAsync("events", Name))
                .Where(e => e!["involvedObject"]!["name"]!.GetValue<string>() == session)
                .Select(e => e!["reason"]!.GetValue<string>()),
        ];

    public async Task<string> DescribeAsync(string name)
    {
        var session = await KubectlAsync("describe", "hps", name);
        var agents = await _cluster.KubectlAsync("-n", Cluster.System, "get", "pods", "-o", "wide");
        return session.All + agents.All + await OperatorLogAsync();
    }

    public static string? Phase(JsonNode? session) => session?["status"]?["phase"]?.GetValue<string>();

    public static (string Status, string Reason, string Message)? Condition(JsonNode? session, string type)
    {
        var found = session
            ?["status"]?["conditions"]?.AsArray()
            .FirstOrDefault(c => c!["type"]!.GetValue<string>() == type);
        return found is null
            ? null
            : (
                found["status"]!.GetValue<string>(),
                found["reason"]!.GetValue<string>(),
                found["message"]!.GetValue<string>()
            );
    }

    public static string Outcome(JsonNode session) =>
        Condition(session, "Complete") is { Status: "True" } complete
            ? "Complete " + complete.Reason
            : "Failed " + Condition(session, "Failed")?.Reason;

    /// <param name="field">E.g. <c>startTime</c>.</param>
    public static DateTimeOffset Time(JsonNode session, string field) =>
        DateTimeOffset.Parse(
            session["status"]![field]!.GetValue<string>(),
            System.Globalization.CultureInfo.InvariantCulture
        );

    /// <summary>State and reason of each target, by pod.</summary>
    public static Dictionary<string, string> Targets(JsonNode session) =>
        session["status"]!["targets"]!
            .AsArray()
            .ToDictionary(t => t!["pod"]!.GetValue<string>(), t => $"{t!["state"]} {t["reason"]}".Trim());

    /// <summary>Waits for something. The bound only ends a test that would never end; nothing is concluded from time.</summary>
    public static async Task UntilAsync(
        string what,
        int seconds,
        Func<Task<bool>> condition,
        Func<Task<string>>? details = null
    )
    {
        var end = DateTime.UtcNow.AddSeconds(seconds);
        while (!await condition())
        {
            if (DateTime.UtcNow > end)
                Assert.Fail($"waited {seconds} s for {what}\n{(details is null ? "" : await details())}");
            await Task.Delay(300);
        }
    }
}
