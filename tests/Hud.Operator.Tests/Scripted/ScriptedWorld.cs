using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Kubernetes.Tests.Scripted;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Streams;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator.Tests.Scripted;

/// <summary>
/// The controller with all it has around it, on an API server that keeps sessions, shows pods and takes the rest, unless a test answers itself.
/// </summary>
internal sealed class ScriptedWorld : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<EntityKey, SessionEntity> _sessions = [];
    private readonly List<Channel<string>> _watches = [];
    private readonly List<Channel<string>> _podWatches = [];
    private readonly PolicyEntity[] _policies;
    private readonly CancellationTokenSource _stop = new();
    private readonly ScriptedServer _server;
    private readonly KubernetesClient _client;
    private readonly Task _running;
    private SessionEntity? _unseen;
    private int _version = 100;

    /// <param name="agents">Pods in the operator's namespace.</param>
    public ScriptedWorld(
        OperatorOptions options,
        SessionEntity[] sessions,
        V1Pod[]? agents = null,
        TimeProvider? time = null,
        PolicyEntity[]? policies = null
    )
    {
        _policies = policies ?? [];
        time ??= TimeProvider.System;
        foreach (var session in sessions)
            _sessions[EntityKey.Of(session)] = session;
        Agents = agents ?? [];
        _server = new ScriptedServer(AnswerAsync);
        _client = _server.Client();
        Sessions = new Informer<SessionEntity>(_client, SessionType.Sessions, new InformerOptions());
        var pods = Pods = new Informer<V1Pod>(
            _client,
            EntityTypes.Pods,
            new InformerOptions { Namespace = options.Namespace },
            new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(
                [.. SessionController.AgentIndexes, .. ContinuousAgents.Indexes],
                StringComparer.Ordinal
            )
        );
        Policies = new Informer<PolicyEntity>(_client, PolicyType.Policies, new InformerOptions());
        var log = new Log(TextWriter.Null, LogLevel.Error, time);
        Streams = new StreamFollowers(_client, pods, options.Namespace, Profiles, _ => { }, time, log);
        var latest = new Latest<SessionEntity>(Sessions.Store);
        var actions = new SessionActions(_client, options, time, log);
        Controller = new SessionController(
            Sessions,
            latest,
            pods,
            Policies,
            new TargetResolver(_client, options),
            Streams,
            Profiles,
            actions,
            new Slots(options, Woken.Enqueue),
            options,
            time,
            log
        );
        Reconciler = new Reconciler<SessionEntity>(
            latest,
            Controller,
            [
                new RegisteredFinalizer<SessionEntity>(
                    FormerFinalizer.Identifier,
                    new FormerFinalizer(latest, actions),
                    Former: true
                ),
            ]
        );
        _running = Task.WhenAll(
            Sessions.RunAsync(_stop.Token),
            pods.RunAsync(_stop.Token),
            Policies.RunAsync(_stop.Token)
        );
        // this server sends a watch only what happens after it began
        Ready = Task.WhenAll(
            Sessions.Synced,
            pods.Synced,
            Policies.Synced,
            Objects.UntilAsync(() => Locked(() => _watches.Count > 0 && _podWatches.Count > 0), "the watches")
        );
    }

    public Task Ready { get; }

    public Informer<SessionEntity> Sessions { get; }

    public Informer<PolicyEntity> Policies { get; }

    /// <summary>Changes of agents' pods that were asked for and made, in order, as they came.</summary>
    public ConcurrentQueue<(string Pod, JsonElement Patch)> Patches { get; } = [];

    /// <summary>Before the server takes a change of an agent's pod.</summary>
    public Func<Task>? OnPatch { get; set; }

    /// <summary>What the operator sees of agent pods.</summary>
    public Informer<V1Pod> Pods { get; }
    public ProfileIntake Profiles { get; } = new(TimeProvider.System);

    /// <summary>Sessions that were woken because there may be a place for them, in order.</summary>
    public ConcurrentQueue<EntityKey> Woken { get; } = [];

    public StreamFollowers Streams { get; }

    public SessionController Controller { get; }

    public Reconciler<SessionEntity> Reconciler { get; }

    public V1Pod[] Agents { get; }

    /// <summary>Pods of the namespace shop, by name.</summary>
    public Dictionary<string, V1Pod> Targets { get; } = new(StringComparer.Ordinal);

    /// <summary>ConfigMaps of the namespace shop, by name.</summary>
    public Dictionary<string, V1ConfigMap> Maps { get; } = new(StringComparer.Ordinal);

    /// <summary>Agent pods that were asked for, in order.</summary>
    public ConcurrentQueue<V1Pod> Created { get; } = [];

    /// <summary>What the log of any agent says before it ends; null: nothing, and it does not end.</summary>
    public byte[]? AgentLog { get; init; }

    /// <summary>Answers a reading of an agent's log in the place of <see cref="AgentLog"/>.</summary>
    public Func<Answer, Task>? OnLog { get; init; }

    /// <summary>Answers a list of pods in the namespace shop in the place of the server.</summary>
    public Func<Answer, Task>? OnTargets { get; init; }

    /// <summary>Answers the storing of a result in the place of the server.</summary>
    public Func<Answer, Task>? OnResult { get; init; }

    /// <summary>Names of pods that were to be deleted.</summary>
    public ConcurrentQueue<string> Deleted { get; } = [];

    /// <summary>The same for agents by the names of their pods.</summary>
    public Dictionary<string, byte[]> AgentLogs { get; } = new(StringComparer.Ordinal);

    /// <summary>Every status that was written, in order, as it came.</summary>
    public ConcurrentQueue<JsonElement> Statuses { get; } = [];

    /// <summary>Writes of the list of finalizers.</summary>
    public int FinalizerWrites { get; private set; }

    public ConcurrentQueue<string> Events { get; } = [];

    /// <summary>Answers the posting of an event in the place of the server; false leaves it to the server.</summary>
    public Func<Answer, Task<bool>>? OnEvent { get; init; }

    public Task<ReconciliationResult<SessionEntity>> ReconcileAsync(string name) =>
        Reconciler.ReconcileAsync(new EntityKey("shop", name), CancellationToken.None);

    /// <summary>The session is gone, whatever finalizers it has, and perhaps another one has its name.</summary>
    public async Task DeleteAsync(string name, SessionEntity? next = null)
    {
        var key = new EntityKey("shop", name);
        lock (_lock)
        {
            Send("DELETED", _sessions[key]);
            _sessions.Remove(key);
            if (next is not null)
            {
                _sessions[key] = next;
                Send("ADDED", next);
            }
        }
        await Objects.UntilAsync(() => Sessions.Store.Get(key)?.Uid == next?.Uid, "the deletion");
    }

    /// <summary>As a user does it.</summary>
    public async Task SuspendAsync(string name)
    {
        lock (_lock)
        {
            var session = _sessions[new EntityKey("shop", name)];
            var spec = System.Text.Json.Nodes.JsonObject.Create(session.Spec)!;
            spec["suspend"] = true;
            session.Spec = JsonDocument.Parse(spec.ToJsonString()).RootElement;
            session.Metadata.ResourceVersion = (++_version).ToString();
            Send("MODIFIED", session);
        }
        await SeenAsync(name);
    }

    /// <summary>The server has this session, and no list or watch has shown it yet.</summary>
    public void AddUnseen(SessionEntity session) => Locked(() => _unseen = session);

    /// <summary>An agent pod changes, or is deleted.</summary>
    public async Task SendAgentAsync(string type, V1Pod pod)
    {
        pod.Metadata.ResourceVersion = (++_version).ToString();
        lock (_lock)
        {
            foreach (var watch in _podWatches)
                watch.Writer.TryWrite(Objects.Event(type, JsonSerializer.Serialize(pod, EntityTypes.Pods.Json)));
        }
        var key = EntityKey.Of(pod);
        await Objects.UntilAsync(
            () =>
                type == "DELETED"
                    ? Pods.Store.Get(key) is null
                    : Pods.Store.Get(key)?.Metadata.ResourceVersion == pod.Metadata.ResourceVersion,
            "the change of the agent"
        );
    }

    /// <summary>Until the operator sees what was written last.</summary>
    public Task SeenAsync(string name) =>
        Objects.UntilAsync(
            () =>
            {
                lock (_lock)
                    return Sessions.Store.Get(new EntityKey("shop", name))?.Metadata.ResourceVersion
                        == _sessions[new EntityKey("shop", name)].Metadata.ResourceVersion;
            },
            "its own write"
        );

    public ProfilingSessionStatus Status(string name)
    {
        lock (_lock)
            return _sessions[new EntityKey("shop", name)].ReadStatus();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await Streams.DisposeAsync();
        Profiles.Dispose();
        await _server.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(ScriptedRequest request, Answer answer)
    {
        var path = request.Target.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (request.IsWatch())
            await WatchAsync(path[^1], answer);
        else if (request.Method == "GET" && path[^1] == "profilingsessions")
            await answer.JsonAsync(List(SessionType.Sessions.Json, [.. Locked(() => _sessions.Values.ToArray())]));
        else if (request.Method == "GET" && path[^1] == "profilingpolicies")
            await answer.JsonAsync(List(PolicyType.Policies.Json, _policies));
        else if (request.Method == "PATCH" && path[^2] == "pods")
            await PatchAsync(request, path[^1], answer);
        else if (request.Method == "GET" && path[^2] == "profilingsessions")
            await SessionAsync(answer, new EntityKey(path[^3], path[^1]));
        else if (request.Method == "GET" && path[^1] == "pods" && path[^2] == "shop" && OnTargets is not null)
            await OnTargets(answer);
        else if (request.Method == "GET" && path[^1] == "pods")
            await answer.JsonAsync(List(EntityTypes.Pods.Json, Agents));
        else if (request.Method == "GET" && path[^1] == "log")
            await LogAsync(path[^2], answer);
        else if (request.Method == "GET" && path[^2] == "pods" && Targets.TryGetValue(path[^1], out var pod))
            await answer.JsonAsync(JsonSerializer.Serialize(pod, EntityTypes.Pods.Json));
        else if (request.Method == "DELETE" && path[^2] == "pods")
        {
            Deleted.Enqueue(path[^1]);
            await answer.JsonAsync("{}");
        }
        else if (request.Method == "GET" && path[^2] == "configmaps" && Maps.TryGetValue(path[^1], out var map))
            await answer.JsonAsync(JsonSerializer.Serialize(map, EntityTypes.ConfigMaps.Json));
        else if (request.Method == "DELETE" && path[^2] == "configmaps" && Maps.Remove(path[^1], out var gone))
            await answer.JsonAsync(JsonSerializer.Serialize(gone, EntityTypes.ConfigMaps.Json));
        else if (request.Method == "GET" || request.Method == "DELETE")
            await answer.ErrorAsync(404, "NotFound", "no such thing");
        else if (request.Method is "PUT" or "PATCH" && path.Contains("profilingsessions", StringComparer.Ordinal))
            await answer.JsonAsync(Change(request, path));
        else if (path[^1] == "pods")
        {
            // with all its fields, of which the operator reads few
            Created.Enqueue(k8s.KubernetesJson.Deserialize<V1Pod>(request.Body));
            await answer.JsonAsync(request.Body);
        }
        else if (path[^1] == "configmaps" && OnResult is not null)
            await OnResult(answer);
        else if (path[^1] == "configmaps")
        {
            var made = k8s.KubernetesJson.Deserialize<V1ConfigMap>(request.Body);
            Maps[made.Metadata.Name] = made;
            await answer.JsonAsync(request.Body);
        }
        else if (path[^1] != "events")
            await answer.JsonAsync(request.Body);
        else if (OnEvent is null || !await OnEvent(answer))
        {
            Events.Enqueue(JsonDocument.Parse(request.Body).RootElement.GetProperty("reason").GetString()!);
            await answer.JsonAsync(request.Body);
        }
    }

    /// <summary>Of an agent's pod that is there, by the version that it names; of any other what was sent is sent back.</summary>
    private async Task PatchAsync(ScriptedRequest request, string name, Answer answer)
    {
        var body = JsonDocument.Parse(request.Body).RootElement;
        if (OnPatch is not null)
            await OnPatch();
        var pod = Agents.FirstOrDefault(p => p.Metadata.Name == name);
        var metadata = body.TryGetProperty("metadata", out var m) ? m : default;
        if (pod is null || !metadata.TryGetProperty("annotations", out var annotations))
        {
            await answer.JsonAsync(request.Body);
            return;
        }
        if (
            metadata.TryGetProperty("resourceVersion", out var version)
            && version.GetString() != pod.Metadata.ResourceVersion
        )
        {
            await answer.ErrorAsync(409, "Conflict", "the object has been modified");
            return;
        }
        Patches.Enqueue((name, body));
        foreach (var annotation in annotations.EnumerateObject())
            pod.Metadata.Annotations[annotation.Name] = annotation.Value.GetString()!;
        pod.Metadata.ResourceVersion = (++_version).ToString();
        Locked(() =>
        {
            foreach (var watch in _podWatches)
                watch.Writer.TryWrite(Objects.Event("MODIFIED", JsonSerializer.Serialize(pod, EntityTypes.Pods.Json)));
        });
        await answer.JsonAsync(JsonSerializer.Serialize(pod, EntityTypes.Pods.Json));
    }

    private Task SessionAsync(Answer answer, EntityKey key) =>
        Locked(() => _sessions.GetValueOrDefault(key) ?? _unseen) is { } session
            ? answer.JsonAsync(JsonSerializer.Serialize(session, SessionType.Sessions.Json))
            : answer.ErrorAsync(404, "NotFound", "no such session");

    private string Change(ScriptedRequest request, string[] path)
    {
        var status = path[^1] == "status";
        lock (_lock)
        {
            var session = _sessions[new EntityKey(path[^(status ? 4 : 3)], path[^(status ? 2 : 1)])];
            var body = JsonDocument.Parse(request.Body).RootElement;
            if (status)
            {
                session.Status = body.GetProperty("status").Clone();
                Statuses.Enqueue(session.Status);
            }
            else
            {
                FinalizerWrites++;
                session.Metadata.Finalizers =
                [
                    .. body.GetProperty("metadata")
                        .GetProperty("finalizers")
                        .EnumerateArray()
                        .Select(f => f.GetString()!),
                ];
            }
            session.Metadata.ResourceVersion = (++_version).ToString();
            Send("MODIFIED", session);
            return JsonSerializer.Serialize(session, SessionType.Sessions.Json);
        }
    }

    private void Send(string type, SessionEntity session)
    {
        foreach (var watch in _watches)
            watch.Writer.TryWrite(Objects.Event(type, JsonSerializer.Serialize(session, SessionType.Sessions.Json)));
    }

    private async Task WatchAsync(string kind, Answer answer)
    {
        var lines = Channel.CreateUnbounded<string>();
        if (kind != "profilingpolicies")
            Locked(() => (kind == "profilingsessions" ? _watches : _podWatches).Add(lines));
        await answer.StreamAsync();
        await foreach (var line in lines.Reader.ReadAllAsync(_stop.Token))
            await answer.RawAsync(line);
    }

    private async Task LogAsync(string pod, Answer answer)
    {
        if (OnLog is not null)
        {
            await OnLog(answer);
            return;
        }
        await answer.StreamAsync();
        if ((AgentLogs.GetValueOrDefault(pod) ?? AgentLog) is not { } log)
            await answer.SilenceAsync();
        else
            await answer.RawAsync(System.Text.Encoding.UTF8.GetString(log));
    }

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

    private static string List<T>(JsonTypeInfo<T> json, T[] items) =>
        $$$"""{"metadata":{"resourceVersion":"100"},"items":[{{{string.Join(',', items.Select(i => JsonSerializer.Serialize(i, json)))}}}]}""";
}

/// <summary>Waits for nothing.</summary>
internal sealed class Hurry : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, TimeSpan.Zero, period);
}

/// <summary>What the operator's instruments recorded meanwhile, by any test: look for what is one's own.</summary>
internal sealed class Recorded : IDisposable
{
    private readonly System.Diagnostics.Metrics.MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _all = [];

    public Recorded()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == OperatorMeter.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Add(i.Name, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Add(i.Name, v, tags));
        _listener.Start();
    }

    public IReadOnlyList<double> Of(string name, string tags = "") =>
        [.. _all.Where(r => r.Name == name && r.Tags.Contains(tags, StringComparison.Ordinal)).Select(r => r.Value)];

    public void Dispose() => _listener.Dispose();

    private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = "";
        foreach (var (key, tag) in tags)
            text += $"{key}={tag};";
        _all.Enqueue((name, value, text));
    }
}
