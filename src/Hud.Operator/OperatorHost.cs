using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Health;
using Hud.Operator.Streams;
using Hud.Operator.Targets;

namespace Hud.Operator;

/// <summary>Puts the parts together and runs them: informers on every replica, so that a new leader has its view at once; the rest on the leader.</summary>
public sealed class OperatorHost(ClusterConfig cluster, OperatorOptions options, Log log)
{
    /// <summary>Failures of informers come in this rhythm at most; without any sign of life for longer they are stuck.</summary>
    private static readonly TimeSpan DeadWatch = Limits.WatchSilence + TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time = TimeProvider.System;
    private LeaderElector? _elector;
    private Leadership? _leadership;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var metrics = new PrometheusText(KubernetesMeter.Name, OperatorMeter.Name);
        using var reader = new KubernetesClient(
            cluster,
            new KubernetesClientOptions { RequestsPerSecond = options.RequestsPerSecond, UserAgent = "hud-operator" }
        );
        using var writer = new KubernetesClient(
            cluster,
            new KubernetesClientOptions
            {
                RequestsPerSecond = options.RequestsPerSecond,
                UserAgent = "hud-operator",
                MayWrite = () => !options.LeaderElection || _elector?.IsLeader == true,
            }
        );
        var sessions = new Informer<SessionEntity>(
            reader,
            SessionType.Sessions,
            new InformerOptions { OnError = e => Broken("profilingsessions", e) }
        );
        var agents = new Informer<Pod>(
            reader,
            EntityTypes.Pods,
            new InformerOptions
            {
                Namespace = options.Namespace,
                Filter = new ListOptions(LabelSelector: Resources.Names.AgentSelector),
                OnError = e => Broken("agent pods", e),
            },
            new Dictionary<string, Func<Pod, IEnumerable<string>>>(StringComparer.Ordinal)
            {
                [SessionController.SessionIndex] = p =>
                    p.Metadata.Labels?.GetValueOrDefault(Resources.Names.SessionUidLabel) is { } uid ? [uid] : [],
            }
        );
        sessions.OnChange(c => Volatile.Read(ref _leadership)?.Changed(EntityKey.Of(c.New)));
        agents.OnChange(c => Volatile.Read(ref _leadership)?.Changed(Leadership.SessionOf(c.New)));
        OperatorMeter.Leader.Record(0);

        async Task LeadAsync(CancellationToken lost)
        {
            var leadership = new Leadership(reader, writer, sessions, agents, options, log);
            Volatile.Write(ref _leadership, leadership);
            await leadership.RunAsync(lost).ConfigureAwait(false);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var checks = new HealthChecks(
            () => Live(sessions.Quiet, agents.Quiet),
            () =>
                sessions.Synced.IsCompletedSuccessfully && agents.Synced.IsCompletedSuccessfully
                    ? ""
                    : "the first list has not been read",
            metrics.Write
        );
        var health = new HealthServer(options.HealthAddress, checks, log).RunAsync(stop.Token);
        var informers = Task.WhenAll(sessions.RunAsync(stop.Token), agents.RunAsync(stop.Token));
        var work = options.LeaderElection ? CandidateAsync(reader, LeadAsync, stop.Token) : LeadAsync(stop.Token);

        var first = await Task.WhenAny(health, informers, work).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        var code = 0;
        foreach (var task in new[] { first, health, informers, work })
        {
            try
            {
                await task.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // the way down
            }
        }
        if (!cancel.IsCancellationRequested)
        {
            log.Error("stopped without being asked to; the kubelet starts this again");
            code = 1;
        }
        return code;
    }

    /// <summary>What the liveness probe says: empty while every watch is heard of, or at least tried again.</summary>
    internal static string Live(params ReadOnlySpan<TimeSpan> quiet)
    {
        foreach (var watch in quiet)
        {
            if (watch > DeadWatch)
                return "a watch has been dead for minutes";
        }
        return "";
    }

    /// <summary>A lost lease, as after an outage of the API server, makes a candidate again. Each term begins with nothing remembered.</summary>
    private async Task CandidateAsync(
        KubernetesClient client,
        Func<CancellationToken, Task> lead,
        CancellationToken cancel
    )
    {
        var identity = $"{Environment.MachineName}_{Guid.NewGuid():N}";
        _elector = new LeaderElector(
            client,
            new LeaderElectionOptions
            {
                Namespace = options.Namespace,
                Name = "hud-operator",
                Identity = identity,
                OnLog = text => log.Info(text, ("identity", identity)),
            }
        );
        while (!cancel.IsCancellationRequested)
            await _elector.RunAsync(lead, cancel).ConfigureAwait(false);
    }

    private void Broken(string what, Exception e) =>
        log.Warn("watch broken, trying again", ("kind", what), ("error", e.Message));

    /// <summary>What only the leader does.</summary>
    private sealed class Leadership(
        KubernetesClient reader,
        KubernetesClient writer,
        Informer<SessionEntity> sessions,
        Informer<Pod> agents,
        OperatorOptions options,
        Log log
    )
    {
        private readonly WorkQueue<EntityKey> _queue = new(
            TimeProvider.System,
            new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)),
            "profilingsession"
        );

        public async Task RunAsync(CancellationToken cancel)
        {
            await Task.WhenAll(sessions.Synced, agents.Synced).WaitAsync(cancel).ConfigureAwait(false);
            await using var streams = new StreamFollowers(
                reader,
                agents,
                options.Namespace,
                _queue.Add,
                TimeProvider.System,
                log
            );
            var actions = new SessionActions(writer, options, TimeProvider.System, log);
            var controller = new SessionController(
                sessions,
                agents,
                new TargetResolver(reader, options),
                streams,
                actions,
                options,
                TimeProvider.System,
                log
            );
            controller.AdmitRunning();
            OperatorMeter.Leader.Record(1);
            foreach (var session in sessions.Store.All())
                _queue.Add(EntityKey.Of(session));
            var runner = new ControllerRunner(
                "profilingsession",
                controller,
                _queue,
                options.Workers,
                TimeProvider.System
            )
            {
                OnError = (key, e) =>
                    log.Warn(
                        "reconcile failed, trying again",
                        ("session", key),
                        ("error", e.Message),
                        ("kind", e.GetType().Name)
                    ),
            };
            try
            {
                await Task.WhenAll(
                        runner.RunAsync(cancel),
                        new OrphanSweep(reader, sessions, agents, actions, TimeProvider.System, log).RunAsync(cancel)
                    )
                    .ConfigureAwait(false);
            }
            finally
            {
                OperatorMeter.Leader.Record(0);
                _queue.Close();
            }
        }

        public void Changed(EntityKey key)
        {
            if (key.Name.Length > 0)
                _queue.Add(key);
        }

        public static EntityKey SessionOf(Pod pod)
        {
            var text = pod.Metadata.Annotations?.GetValueOrDefault(Resources.Names.SessionAnnotation) ?? "";
            var slash = text.IndexOf('/');
            return slash < 0 ? default : new EntityKey(text[..slash], text[(slash + 1)..]);
        }
    }
}
