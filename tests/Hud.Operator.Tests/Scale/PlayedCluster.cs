using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Hud.Operator.Tests.Scale;

/// <summary>
/// An API server for the operator as a process: keeps what is written with versions, notifies watches, and runs every agent pod that is made by
/// playing its log. Only what the operator asks for.
/// </summary>
internal sealed class PlayedCluster : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, JsonObject> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> _agents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(int Version, string Line)>> _history = new(StringComparer.Ordinal)
    {
        ["profilingsessions"] = [],
        ["pods"] = [],
    };
    private readonly Dictionary<string, List<Channel<string>>> _watches = new(StringComparer.Ordinal)
    {
        ["profilingsessions"] = [],
        ["pods"] = [],
    };
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _ended = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _born = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _began = new(StringComparer.Ordinal);
    private readonly HttpListener _listener = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, Stream, TimeSpan, CancellationToken, Task> _play;
    private readonly int _nodes;
    private readonly Task _accepting;
    private JsonObject? _lease;
    private int _version = 1000;

    /// <param name="play">Writes the log of an agent with this task that has run for so long.</param>
    public PlayedCluster(int port, int nodes, Func<string, Stream, TimeSpan, CancellationToken, Task> play)
    {
        (_nodes, _play) = (nodes, play);
        Address = $"http://127.0.0.1:{port}";
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address { get; }

    /// <summary>From a session's birth to the first write about it.</summary>
    public ConcurrentDictionary<string, TimeSpan> FirstLooks { get; } = new(StringComparer.Ordinal);

    /// <summary>Holders of the lease, one after the other.</summary>
    public ConcurrentQueue<string> Holders { get; } = [];

    public int MostAgents { get; private set; }

    public int Requests { get; private set; }

    public ConcurrentQueue<string> Unknown { get; } = [];

    /// <summary>Pods in every namespace, for sessions that ask for them by label.</summary>
    public int LabelledPods { get; init; }

    /// <summary>Of the statuses that were written.</summary>
    public int LargestStatus { get; private set; }

    /// <summary>Makes a session whose target is a pod on one of the nodes.</summary>
    public void Create(string ns, string name, int node) =>
        Create(ns, name, new JsonObject { ["podName"] = $"app-{node % _nodes}" });

    public void Create(string ns, string name, JsonObject target)
    {
        var key = ns + "/" + name;
        var session = new JsonObject
        {
            ["apiVersion"] = "hud.dev/v1alpha1",
            ["kind"] = "ProfilingSession",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = ns,
                ["uid"] = $"{ns}-{name}-uid",
                ["generation"] = 1,
                ["creationTimestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
            },
            ["spec"] = new JsonObject
            {
                ["target"] = target,
                ["duration"] = "20s",
                ["startDeadline"] = "5m",
                ["output"] = new JsonObject { ["formats"] = new JsonArray("Report") },
            },
        };
        _born[key] = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            _sessions[key] = session;
            Report("profilingsessions", "ADDED", session);
        }
    }

    /// <summary>Phases of all sessions, counted.</summary>
    public Dictionary<string, int> Phases()
    {
        lock (_lock)
            return _sessions
                .Values.GroupBy(s => s["status"]?["phase"]?.GetValue<string>() ?? "")
                .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
    }

    public JsonObject? Status(string key)
    {
        lock (_lock)
            return _sessions[key]["status"]?.DeepClone() as JsonObject;
    }

    public string Example(string phase)
    {
        lock (_lock)
            return _sessions
                    .Values.FirstOrDefault(s => s["status"]?["phase"]?.GetValue<string>() == phase)
                    ?.ToJsonString()
                ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Close();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => ServeAsync(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        try
        {
            Requests++;
            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            await AnswerAsync(context, body.Length == 0 ? null : JsonNode.Parse(body) as JsonObject);
        }
        catch (Exception e)
            when (e is HttpListenerException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // the client went away, or the run is over
            context.Response.Abort();
        }
    }

    /// <summary>What kubectl asks for before anything else.</summary>
    private static readonly Dictionary<string, string> Discovery = new(StringComparer.Ordinal)
    {
        ["/api"] = """{"kind":"APIVersions","versions":["v1"]}""",
        ["/api/v1"] = """{"kind":"APIResourceList","groupVersion":"v1","resources":[]}""",
        ["/apis"] = """
            {"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"hud.dev","versions":[{"groupVersion":"hud.dev/v1alpha1","version":"v1alpha1"}],
            "preferredVersion":{"groupVersion":"hud.dev/v1alpha1","version":"v1alpha1"}}]}
            """,
        ["/apis/hud.dev/v1alpha1"] = """
            {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"hud.dev/v1alpha1","resources":[{"name":"profilingsessions",
            "singularName":"profilingsession","namespaced":true,"kind":"ProfilingSession","verbs":["get","list","watch"]}]}
            """,
    };

    private async Task AnswerAsync(HttpListenerContext context, JsonObject? body)
    {
        var method = context.Request.HttpMethod;
        if (Discovery.GetValueOrDefault(context.Request.Url!.AbsolutePath) is { } found)
        {
            await JsonAsync(context, 200, found);
            return;
        }
        var path = context.Request.Url!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var kind = path.FirstOrDefault(p =>
            p is "profilingsessions" or "pods" or "leases" or "configmaps" or "events" or "deployments"
        );
        var ns = Array.IndexOf(path, "namespaces") is var at and >= 0 ? path[at + 1] : "";
        var name = kind is null ? "" : path.ElementAtOrDefault(Array.IndexOf(path, kind) + 1) ?? "";
        switch (kind, method)
        {
            case ("pods", "GET") when name.Length == 0 && context.Request.QueryString["labelSelector"] == "app=fleet":
                await JsonAsync(
                    context,
                    200,
                    $$$"""{"metadata":{"resourceVersion":"1"},"items":[{{{string.Join(',', Enumerable.Range(0, LabelledPods).Select(i => Target(ns, $"app-{i}")))}}}]}"""
                );
                break;
            case ("profilingsessions" or "pods", "GET") when name.Length == 0:
                if (context.Request.QueryString["watch"] is not null)
                    await WatchAsync(kind, context);
                else
                    await JsonAsync(context, 200, List(kind));
                break;
            case ("profilingsessions", "GET"):
                await JsonAsync(
                    context,
                    200,
                    Locked(() => _sessions.GetValueOrDefault(ns + "/" + name)?.ToJsonString())
                );
                break;
            case ("profilingsessions", "PUT" or "PATCH"):
                var (code, text) = Write(ns + "/" + name, body!, method == "PUT");
                await JsonAsync(context, code, text);
                break;
            case ("pods", "GET") when path[^1] == "log":
                await LogAsync(name, context);
                break;
            case ("pods", "GET"):
                await JsonAsync(context, 200, Target(ns, name));
                break;
            case ("pods", "POST"):
                await JsonAsync(context, 201, Start(body!));
                break;
            case ("pods", "DELETE"):
                await JsonAsync(context, 200, Delete(name));
                break;
            case ("configmaps" or "events", "POST"):
                await JsonAsync(context, 201, body!.ToJsonString());
                break;
            case ("leases", _):
                var (leaseCode, lease) = Lease(method, body);
                await JsonAsync(context, leaseCode, lease);
                break;
            case ("deployments", "GET"): // who owns the agents: this operator is no pod
                await JsonAsync(context, 404, null);
                break;
            default:
                Unknown.Enqueue($"{method} {context.Request.Url.AbsolutePath}");
                await JsonAsync(context, 404, null);
                break;
        }
    }

    private static async Task JsonAsync(HttpListenerContext context, int code, string? text)
    {
        context.Response.StatusCode = text is null ? 404 : code;
        context.Response.ContentType = "application/json";
        var bytes = Encoding.UTF8.GetBytes(text ?? """{"kind":"Status","reason":"NotFound","code":404}""");
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.OutputStream.Close();
    }

    private string List(string kind)
    {
        lock (_lock)
        {
            var all = kind == "pods" ? _agents : _sessions;
            return $$$"""{"metadata":{"resourceVersion":"{{{_version}}}"},"items":[{{{string.Join(',', all.Values.Select(o => o.ToJsonString()))}}}]}""";
        }
    }

    private async Task WatchAsync(string kind, HttpListenerContext context)
    {
        var since = int.TryParse(context.Request.QueryString["resourceVersion"], out var version) ? version : 0;
        var lines = Channel.CreateUnbounded<string>();
        lock (_lock)
        {
            // headers go with the first bytes
            lines.Writer.TryWrite(
                $$$"""{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"{{{since}}}"} } }""" + "\n"
            );
            foreach (var (_, line) in _history[kind].Where(h => h.Version > since))
                lines.Writer.TryWrite(line);
            _watches[kind].Add(lines);
        }
        context.Response.SendChunked = true;
        await foreach (var line in lines.Reader.ReadAllAsync(_stop.Token))
        {
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(line));
            await context.Response.OutputStream.FlushAsync();
        }
    }

    private (int, string?) Write(string key, JsonObject body, bool status)
    {
        lock (_lock)
        {
            if (!_sessions.TryGetValue(key, out var session))
                return (404, null);
            if (
                body["metadata"]!["resourceVersion"]!.GetValue<string>()
                != session["metadata"]!["resourceVersion"]!.GetValue<string>()
            )
                return (409, """{"kind":"Status","reason":"Conflict","code":409}""");
            FirstLooks.TryAdd(key, Stopwatch.GetElapsedTime(_born[key]));
            if (status)
            {
                session["status"] = body["status"]!.DeepClone();
                LargestStatus = Math.Max(LargestStatus, body["status"]!.ToJsonString().Length);
            }
            else
                session["metadata"]!["finalizers"] = body["metadata"]!["finalizers"]!.DeepClone();
            Report("profilingsessions", "MODIFIED", session);
            return (200, session.ToJsonString());
        }
    }

    private string? Target(string ns, string name)
    {
        if (!int.TryParse(name.Split('-')[^1], out var number))
            return null;
        var node = number % _nodes;
        return $$$"""{"metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","uid":"{{{ns}}}-{{{name}}}"},"spec":{"nodeName":"node-{{{node}}}","containers":[{"name":"app"}]},"status":{"phase":"Running","containerStatuses":[{"name":"app","containerID":"containerd://{{{ns}}}-{{{name}}}","ready":true,"state":{"running":{ } } } ] } }""";
    }

    private string Start(JsonObject pod)
    {
        var name = pod["metadata"]!["name"]!.GetValue<string>();
        lock (_lock)
        {
            pod["metadata"]!["uid"] = name + "-uid";
            pod["metadata"]!["creationTimestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            pod["status"] = new JsonObject { ["phase"] = "Pending" };
            _agents[name] = pod;
            MostAgents = Math.Max(MostAgents, _agents.Count);
            Report("pods", "ADDED", pod);
        }
        _ended[name] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = RunAsync(name);
        return Locked(() => pod.ToJsonString());
    }

    private async Task RunAsync(string name)
    {
        try
        {
            await Task.Delay(300, _stop.Token);
            Phase(name, "Running", """{"running":{}}""");
            await _ended[name].Task.WaitAsync(_stop.Token);
            Phase(name, "Succeeded", """{"terminated":{"exitCode":0}}""");
        }
        catch (OperationCanceledException)
        {
            // the run is over
        }
    }

    private void Phase(string name, string phase, string state)
    {
        lock (_lock)
        {
            if (!_agents.TryGetValue(name, out var pod))
                return;
            pod["status"] = JsonNode.Parse(
                $$$"""{"phase":"{{{phase}}}","startTime":"2024-01-01T00:00:00Z","containerStatuses":[{"name":"agent","state":{{{state}}}}]}"""
            );
            Report("pods", "MODIFIED", pod);
        }
    }

    private string? Delete(string name)
    {
        lock (_lock)
        {
            if (!_agents.Remove(name, out var pod))
                return null;
            Report("pods", "DELETED", pod);
            return pod.ToJsonString();
        }
    }

    private async Task LogAsync(string name, HttpListenerContext context)
    {
        context.Response.SendChunked = true;
        var since = Stopwatch.GetElapsedTime(_began.GetOrAdd(name, _ => Stopwatch.GetTimestamp()));
        var task = Locked(() =>
            _agents.GetValueOrDefault(name)?["spec"]!["containers"]![0]!["env"]![0]!["value"]!.GetValue<string>()
            ?? "{}"
        );
        await _play(task, context.Response.OutputStream, since, _stop.Token);
        context.Response.OutputStream.Close();
        if (_ended.TryGetValue(name, out var ended))
            ended.TrySetResult();
    }

    private (int, string?) Lease(string method, JsonObject? body)
    {
        lock (_lock)
        {
            if (method == "GET")
                return (200, _lease?.ToJsonString());
            if (
                method == "PUT"
                && body!["metadata"]!["resourceVersion"]?.GetValue<string>()
                    != _lease?["metadata"]!["resourceVersion"]?.GetValue<string>()
            )
                return (409, """{"kind":"Status","reason":"Conflict","code":409}""");
            _lease = body!;
            _lease["metadata"]!["resourceVersion"] = (++_version).ToString();
            var holder = _lease["spec"]!["holderIdentity"]?.GetValue<string>() ?? "";
            if (Holders.LastOrDefault() != holder)
                Holders.Enqueue(holder);
            return (200, _lease.ToJsonString());
        }
    }

    private void Report(string kind, string type, JsonObject what)
    {
        what["metadata"]!["resourceVersion"] = (++_version).ToString();
        var line = $$"""{"type":"{{type}}","object":{{what.ToJsonString()}}}""" + "\n";
        _history[kind].Add((_version, line));
        foreach (var watch in _watches[kind])
            watch.Writer.TryWrite(line);
    }

    private T Locked<T>(Func<T> what)
    {
        lock (_lock)
            return what();
    }
}
