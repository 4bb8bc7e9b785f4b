using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Alerts;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Targets;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Hud.Operator.Tests.Policies;

/// <summary>The controller of policies over an API server that keeps policies and sessions of the namespace shop, and counts what it is asked.</summary>
internal sealed partial class PolicyWorld : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, PolicyEntity> _policies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SessionEntity> _sessions = new(StringComparer.Ordinal);
    private readonly List<Channel<string>> _policyWatches = [];
    private readonly List<Channel<string>> _sessionWatches = [];
    private readonly List<Channel<string>> _podWatches = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ScriptedServer _server;
    private readonly KubernetesClient _client;
    private readonly Task _running;
    private int _version = 100;

    /// <param name="now">Where the world begins; the clock moves only when a test moves it.</param>
    public PolicyWorld(
        PolicyEntity[] policies,
        SessionEntity[]? sessions = null,
        OperatorOptions? options = null,
        DateTimeOffset? now = null
    )
    {
        Clock = new FakeTimeProvider(now ?? MakePolicy.Now);
        foreach (var policy in policies)
            _policies[policy.Name] = policy;
        foreach (var session in sessions ?? [])
            _sessions[session.Name] = session;
        _server = new ScriptedServer(AnswerAsync);
        _client = _server.Client();
        Sessions = new Informer<SessionEntity>(_client, SessionType.Sessions, new InformerOptions(), PolicyRun.Indexes);
        Policies = new Informer<PolicyEntity>(_client, PolicyType.Policies, new InformerOptions());
        Options = options ?? Make.Options;
        Agents = AgentsOf(_client);
        Inbox = new AlertInbox(Policies, new Log(TextWriter.Null, LogLevel.Error, Clock));
        Reconciler = Leader();
        _running = Task.WhenAll(
            Sessions.RunAsync(_stop.Token),
            Policies.RunAsync(_stop.Token),
            Agents.RunAsync(_stop.Token)
        );
        Ready = Task.WhenAll(
            Sessions.Synced,
            Policies.Synced,
            Agents.Synced,
            Objects.UntilAsync(
                () =>
                    Locked(() => _policyWatches.Count > 0 && _sessionWatches.Count > 0 && _agentWatches.Count > 0)
                    && Agents.CurrentFor is not null,
                "the watches"
            )
        );
    }

    public FakeTimeProvider Clock { get; }

    public OperatorOptions Options { get; }

    public Informer<SessionEntity> Sessions { get; }

    public Informer<PolicyEntity> Policies { get; }

    public AlertInbox Inbox { get; }

    /// <summary>The pods of the namespace; null: the server cannot say.</summary>
    public IReadOnlyList<V1Pod>? Pods { get; set; } = [];

    public Uri Address => _server.Address;

    public Reconciler<PolicyEntity> Reconciler { get; }

    public Task Ready { get; }

    /// <summary>Reason and about of the events.</summary>
    public ConcurrentQueue<string> Events { get; } = [];

    /// <summary>Method and path of every write.</summary>
    public ConcurrentQueue<string> Writes { get; } = [];

    public int Lists;

    public int PodLists;

    /// <summary>What was asked for of them, and how long the answer was.</summary>
    public ConcurrentQueue<(string Query, int Length)> PodPages { get; } = [];

    /// <summary>Other objects by their plural and name, such as <c>deployments/checkout</c>, as the server has them.</summary>
    public ConcurrentDictionary<string, string> Others { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for of them, in order.</summary>
    public ConcurrentQueue<string> Gets { get; } = [];

    /// <summary>Answers the making of a session in the place of the server; false leaves it to the server.</summary>
    public Func<Answer, Task<bool>>? OnCreate { get; set; }

    /// <summary>One more, over the same views, with nothing remembered.</summary>
    public Reconciler<PolicyEntity> Leader(AlertInbox? inbox = null)
    {
        var log = new Log(TextWriter.Null, LogLevel.Error, Clock);
        inbox ??= Inbox;
        var latest = new Latest<PolicyEntity>(Policies.Store);
        var events = new SessionActions(_client, Options, TimeProvider.System, log);
        return new Reconciler<PolicyEntity>(
            latest,
            new PolicyController(
                Sessions,
                latest,
                new PolicyActions(_client, events, log),
                inbox,
                new TargetResolver(_client, Options),
                Continuous(_client, events, log),
                Options,
                Clock,
                log
            ),
            []
        );
    }

    public Task<ReconciliationResult<PolicyEntity>> ReconcileAsync(
        string name = MakePolicy.Name,
        Reconciler<PolicyEntity>? leader = null
    ) => (leader ?? Reconciler).ReconcileAsync(new EntityKey("shop", name), CancellationToken.None);

    public ProfilingPolicyStatus Status(string name = MakePolicy.Name) => Locked(() => _policies[name].ReadStatus());

    public IReadOnlyList<string> Names => Locked(() => _sessions.Keys.Order(StringComparer.Ordinal).ToArray());

    public SessionEntity Session(string name) => Locked(() => _sessions[name]);

    /// <summary>Puts an object there, in the place of one of its name.</summary>
    public Task PutAsync(SessionEntity session)
    {
        Locked(() =>
        {
            session.Metadata.ResourceVersion = $"{++_version}";
            var known = _sessions.ContainsKey(session.Name);
            _sessions[session.Name] = session;
            Send(
                _sessionWatches,
                known ? "MODIFIED" : "ADDED",
                JsonSerializer.Serialize(session, SessionType.Sessions.Json)
            );
        });
        return SeenAsync();
    }

    public Task PutAsync(PolicyEntity policy)
    {
        Locked(() =>
        {
            policy.Metadata.ResourceVersion = $"{++_version}";
            _policies[policy.Name] = policy;
            Send(_policyWatches, "MODIFIED", JsonSerializer.Serialize(policy, PolicyType.Policies.Json));
        });
        return SeenAsync();
    }

    /// <summary>A user deletes a session.</summary>
    public Task RemoveAsync(string name)
    {
        Locked(() =>
        {
            _sessions.Remove(name, out var session);
            Send(_sessionWatches, "DELETED", JsonSerializer.Serialize(session!, SessionType.Sessions.Json));
        });
        return SeenAsync();
    }

    /// <summary>Until the views show what the server has.</summary>
    public Task SeenAsync() =>
        Objects.UntilAsync(
            () =>
                Locked(() =>
                    Same(_policies.Values, Policies.Store.All()) && Same(_sessions.Values, Sessions.Store.All())
                ),
            "the views"
        );

    private static bool Same<T>(IEnumerable<T> there, List<T> seen)
        where T : IKubernetesObject<V1ObjectMeta> =>
        there
            .Select(e => (e.Metadata.Name, e.Metadata.ResourceVersion))
            .ToHashSet()
            .SetEquals(seen.Select(e => (e.Metadata.Name, e.Metadata.ResourceVersion)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _server.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(ScriptedRequest request, Answer answer)
    {
        var path = request.Target.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (request.IsWatch())
        {
            await WatchAsync(
                path[^1] switch
                {
                    ProfilingPolicy.Plural => _policyWatches,
                    ProfilingSession.Plural => _sessionWatches,
                    _ when IsOfAgents(path) => _agentWatches,
                    _ => _podWatches,
                },
                answer
            );
            return;
        }
        if (await AgentAsync(request, path, answer))
            return;
        if (request.Method != "GET" && path[^1] != "events")
            Writes.Enqueue(
                $"{request.Method} {string.Join('/', path.SkipWhile(p => !p.StartsWith("profiling", StringComparison.Ordinal)))}"
            );
        switch (request.Method)
        {
            case "GET" when path[^1] is ProfilingPolicy.Plural or ProfilingSession.Plural:
                Interlocked.Increment(ref Lists);
                await answer.JsonAsync(
                    Locked(() =>
                        path[^1] == ProfilingPolicy.Plural
                            ? List(_policies.Values.Select(p => JsonSerializer.Serialize(p, PolicyType.Policies.Json)))
                            : List(_sessions.Values.Select(s => JsonSerializer.Serialize(s, SessionType.Sessions.Json)))
                    )
                );
                break;
            case "GET" when path.Contains("apps"):
                Gets.Enqueue(string.Join('/', path[^2..]));
                if (Others.TryGetValue(string.Join('/', path[^2..]), out var other))
                    await answer.JsonAsync(other);
                else
                    await answer.ErrorAsync(404, "NotFound", "no such workload");
                break;
            case "GET" when path.Contains("pods"):
                await PodsAsync(path[^1], request.Target, answer);
                break;
            case "GET" when Locked(() => _sessions.GetValueOrDefault(path[^1])) is { } session:
                await answer.JsonAsync(JsonSerializer.Serialize(session, SessionType.Sessions.Json));
                break;
            case "POST" when path[^1] == "events":
                Events.Enqueue(JsonDocument.Parse(request.Body).RootElement.GetProperty("reason").GetString()!);
                await answer.JsonAsync(request.Body);
                break;
            case "POST" when OnCreate is not null && await OnCreate(answer):
                break;
            case "POST":
                await CreateAsync(JsonSerializer.Deserialize(request.Body, SessionType.Sessions.Json)!, answer);
                break;
            case "PUT" when path[^3] == ProfilingSession.Plural:
                await StatusAsync(
                    path[^2],
                    JsonSerializer.Deserialize(request.Body, SessionType.Sessions.Json)!,
                    answer
                );
                break;
            case "PUT":
                await StatusAsync(
                    path[^2],
                    JsonSerializer.Deserialize(request.Body, PolicyType.Policies.Json)!,
                    answer
                );
                break;
            case "PATCH":
                await SuspendAsync(path[^1], JsonNode.Parse(request.Body)!, answer);
                break;
            case "DELETE":
                await DeleteAsync(path[^1], JsonNode.Parse(request.Body)!, answer);
                break;
            default:
                await answer.ErrorAsync(404, "NotFound", "no such thing");
                break;
        }
    }

    /// <summary>One by its name, or those with a label, of selectors such as <c>app=checkout</c>.</summary>
    private Task PodsAsync(string last, string target, Answer answer)
    {
        if (Pods is null)
            return answer.ErrorAsync(500, "InternalError", "etcd is not there");
        if (last != "pods")
            return Pods.FirstOrDefault(p => p.Metadata.Name == last) is { } pod
                ? answer.JsonAsync(JsonSerializer.Serialize(pod, EntityTypes.Pods.Json))
                : answer.ErrorAsync(404, "NotFound", "no such pod");
        Interlocked.Increment(ref PodLists);
        var fitting = Pods.Where(p =>
                p.Metadata.Labels?.Any(l =>
                    target.Contains($"labelSelector={l.Key}={l.Value}", StringComparison.Ordinal)
                ) == true
            )
            .ToList();
        // from its cache a server sends all, whatever the limit
        var limit = target.Contains("resourceVersion=0", StringComparison.Ordinal)
            ? fitting.Count
            : Number(target, "limit", fitting.Count);
        var from = Number(target, "continue", 0);
        var page = List(
            fitting.Skip(from).Take(limit).Select(p => JsonSerializer.Serialize(p, EntityTypes.Pods.Json)),
            from + limit < fitting.Count ? $"{from + limit}" : ""
        );
        PodPages.Enqueue((target.Split('?')[1], page.Length));
        return answer.JsonAsync(page);
    }

    private static int Number(string target, string key, int without) =>
        target.Split('?', '&').FirstOrDefault(p => p.StartsWith(key + "=", StringComparison.Ordinal)) is { } found
            ? int.Parse(found[(key.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture)
            : without;

    private Task CreateAsync(SessionEntity session, Answer answer)
    {
        lock (_lock)
        {
            if (_sessions.ContainsKey(session.Name))
                return answer.ErrorAsync(409, "AlreadyExists", "it is there");
            session.Metadata.Uid = "uid-" + session.Name;
            session.Metadata.CreationTimestamp = Clock.GetUtcNow().UtcDateTime;
            session.Metadata.ResourceVersion = $"{++_version}";
            _sessions[session.Name] = session;
            var json = JsonSerializer.Serialize(session, SessionType.Sessions.Json);
            Send(_sessionWatches, "ADDED", json);
            return answer.JsonAsync(json);
        }
    }

    private Task StatusAsync(string name, PolicyEntity written, Answer answer)
    {
        lock (_lock)
        {
            var policy = _policies[name];
            if (written.Metadata.ResourceVersion != policy.Metadata.ResourceVersion)
                return answer.ErrorAsync(409, "Conflict", "it has changed");
            policy.Status = written.Status;
            policy.Metadata.ResourceVersion = $"{++_version}";
            var json = JsonSerializer.Serialize(policy, PolicyType.Policies.Json);
            Send(_policyWatches, "MODIFIED", json);
            return answer.JsonAsync(json);
        }
    }

    private Task StatusAsync(string name, SessionEntity written, Answer answer)
    {
        lock (_lock)
        {
            if (!_sessions.TryGetValue(name, out var session))
                return answer.ErrorAsync(404, "NotFound", "no such session");
            if (written.Metadata.ResourceVersion != session.Metadata.ResourceVersion)
                return answer.ErrorAsync(409, "Conflict", "it has changed");
            session.Status = written.Status;
            session.Metadata.ResourceVersion = $"{++_version}";
            var json = JsonSerializer.Serialize(session, SessionType.Sessions.Json);
            Send(_sessionWatches, "MODIFIED", json);
            return answer.JsonAsync(json);
        }
    }

    private Task SuspendAsync(string name, JsonNode patch, Answer answer)
    {
        lock (_lock)
        {
            if (!_sessions.TryGetValue(name, out var session))
                return answer.ErrorAsync(404, "NotFound", "no such session");
            if (patch["metadata"]!["uid"]!.GetValue<string>() != session.Uid)
                return answer.ErrorAsync(409, "Conflict", "another");
            var spec = JsonNode.Parse(session.Spec.GetRawText())!;
            spec["suspend"] = patch["spec"]!["suspend"]!.GetValue<bool>();
            session.Spec = JsonSerializer.SerializeToElement(spec);
            session.Metadata.ResourceVersion = $"{++_version}";
            var json = JsonSerializer.Serialize(session, SessionType.Sessions.Json);
            Send(_sessionWatches, "MODIFIED", json);
            return answer.JsonAsync(json);
        }
    }

    private Task DeleteAsync(string name, JsonNode options, Answer answer)
    {
        lock (_lock)
        {
            if (!_sessions.TryGetValue(name, out var session))
                return answer.ErrorAsync(404, "NotFound", "no such session");
            if (
                options["preconditions"]!["uid"]!.GetValue<string>() != session.Uid
                || options["preconditions"]!["resourceVersion"]!.GetValue<string>() != session.Metadata.ResourceVersion
            )
                return answer.ErrorAsync(409, "Conflict", "another");
            _sessions.Remove(name);
            var json = JsonSerializer.Serialize(session, SessionType.Sessions.Json);
            Send(_sessionWatches, "DELETED", json);
            return answer.JsonAsync(json);
        }
    }

    private static void Send(List<Channel<string>> watches, string type, string json)
    {
        foreach (var watch in watches)
            watch.Writer.TryWrite(Objects.Event(type, json));
    }

    private async Task WatchAsync(List<Channel<string>> watches, Answer answer)
    {
        var lines = Channel.CreateUnbounded<string>();
        Locked(() => watches.Add(lines));
        await answer.StreamAsync();
        await foreach (var line in lines.Reader.ReadAllAsync(_stop.Token))
            await answer.RawAsync(line);
    }

    private static string List(IEnumerable<string> items, string next = "") =>
        $$$"""{"metadata":{"resourceVersion":"100","continue":"{{{next}}}"},"items":[{{{string.Join(',', items)}}}]}""";

    private void Locked(Action what)
    {
        lock (_lock)
            what();
    }

    private T Locked<T>(Func<T> what)
    {
        lock (_lock)
            return what();
    }
}
