using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Health;
using Hud.Operator.Reconcile;
using Hud.Operator.Streams;
using Hud.Operator.Targets;
using k8s.Models;
using KubernetesClientConfiguration = k8s.KubernetesClientConfiguration;

namespace Hud.Operator;

/// <summary>Puts the parts together and runs them: informers on every replica, so that a new leader has its view at once; the rest on the leader.</summary>
public sealed class OperatorHost(KubernetesClientConfiguration cluster, OperatorOptions options, Log log)
{
    /// <summary>Failures of informers come in this rhythm at most; without any sign of life for longer they are stuck.</summary>
    private static readonly TimeSpan DeadWatch = Limits.WatchSilence + TimeSpan.FromMinutes(1);

    /// <summary>A thousand agents are followed within a minute after a start; an API server and its kubelets hardly notice that.</summary>
    private const int LogOpensPerSecond = 20;
    private const int LogOpensAtOnce = 20;

    private const int LeaseRequestsPerSecond = 5;
    private const int LeaseRequestsAtOnce = 10;
    private static readonly TimeSpan LeaseRequestTimeout = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time = TimeProvider.System;
    private LeaderElector? _elector;
    private Leadership? _leadership;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var metrics = new PrometheusText(KubernetesMeter.Name, OperatorMeter.Name);
        using var reader = Client(options.RequestsPerSecond);
        // hundreds of agents' logs are opened one after the other, and keep nobody else waiting
        using var logs = Client(LogOpensPerSecond, LogOpensAtOnce);
        // the lease waits behind no other request: what else there is to do must not cost the leadership
        using var lease = Client(LeaseRequestsPerSecond, LeaseRequestsAtOnce, LeaseRequestTimeout);
        using var writer = Client(
            options.RequestsPerSecond,
            mayWrite: () => !options.LeaderElection || _elector?.IsLeader == true
        );
        var sessions = new Informer<SessionEntity>(
            reader,
            SessionType.Sessions,
            new InformerOptions { OnError = e => Broken("profilingsessions", e) }
        );
        var agents = new Informer<V1Pod>(
            reader,
            EntityTypes.Pods,
            new InformerOptions
            {
                Namespace = options.Namespace,
                Filter = new ListOptions(LabelSelector: Resources.Names.AgentSelector),
                OnError = e => Broken("agent pods", e),
            },
            SessionController.AgentIndexes
        );
        sessions.OnChange(c => Volatile.Read(ref _leadership)?.Changed(EntityKey.Of(c.New)));
        agents.OnChange(c => Volatile.Read(ref _leadership)?.Changed(Leadership.SessionOf(c.New)));
        OperatorMeter.Leader.Record(0);

        async Task LeadAsync(CancellationToken lost)
        {
            var owner = await DeploymentAsync(reader, lost).ConfigureAwait(false);
            var led = options with { AgentOwner = owner };
            var leadership = new Leadership(reader, logs, writer, sessions, agents, led, log);
            Volatile.Write(ref _leadership, leadership);
            await leadership.RunAsync(lost).ConfigureAwait(false);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var checks = new HealthChecks(
            () => Live(sessions.SinceLastActivity, agents.SinceLastActivity),
            () =>
                sessions.Synced.IsCompletedSuccessfully && agents.Synced.IsCompletedSuccessfully
                    ? ""
                    : "the first list has not been read",
            metrics.Write
        );
        var health = new HealthServer(options.HealthAddress, checks, log).RunAsync(stop.Token);
        var informers = Task.WhenAll(sessions.RunAsync(stop.Token), agents.RunAsync(stop.Token));
        var work = options.LeaderElection ? CandidateAsync(lease, LeadAsync, stop.Token) : LeadAsync(stop.Token);

        await Task.WhenAny(health, informers, work).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        foreach (var task in new[] { health, informers, work })
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
        if (cancel.IsCancellationRequested)
            return 0;
        log.Error("stopped without being asked to; the kubelet starts this again");
        return 1;
    }

    private KubernetesClient Client(
        double perSecond,
        int? burst = null,
        TimeSpan? timeout = null,
        Func<bool>? mayWrite = null
    )
    {
        var defaults = new KubernetesClientOptions { RequestsPerSecond = perSecond, UserAgent = "hud-operator" };
        return new KubernetesClient(
            cluster,
            defaults with
            {
                Burst = burst ?? defaults.Burst,
                RequestTimeout = timeout ?? defaults.RequestTimeout,
                MayWrite = mayWrite ?? defaults.MayWrite,
            }
        );
    }

    /// <summary>
    /// The operator's own Deployment, as the owner of agents: uninstalling Hud in mid-run then leaves no agent behind. Null where the operator
    /// runs by other means.
    /// </summary>
    private async Task<V1OwnerReference?> DeploymentAsync(KubernetesClient client, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                var found = await client
                    .TryGetAsync(EntityTypes.Deployments, options.Namespace, Resources.Names.Manager, cancel)
                    .ConfigureAwait(false);
                return found?.Metadata.Uid is { } uid
                    ? new V1OwnerReference
                    {
                        ApiVersion = EntityTypes.Deployments.ApiVersion,
                        Kind = EntityTypes.Deployments.Kind,
                        Name = found.Metadata.Name,
                        Uid = uid,
                    }
                    : null;
            }
            catch (ForbiddenException e)
            {
                log.Warn("agents will have no owner", ("error", e.Message));
                return null;
            }
            catch (Exception e) when (e is KubernetesException or TransportException)
            {
                log.Warn("the operator's deployment cannot be read, trying again", ("error", e.Message));
                await Task.Delay(TimeSpan.FromSeconds(1), _time, cancel).ConfigureAwait(false);
            }
        }
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
        KubernetesClient logs,
        KubernetesClient writer,
        Informer<SessionEntity> sessions,
        Informer<V1Pod> agents,
        OperatorOptions options,
        Log log
    )
    {
        private readonly WorkQueue<EntityKey> _queue = new(
            TimeProvider.System,
            new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)),
            "profilingsession",
            key => key.Namespace
        );

        public async Task RunAsync(CancellationToken cancel)
        {
            await Task.WhenAll(sessions.Synced, agents.Synced).WaitAsync(cancel).ConfigureAwait(false);
            using var profiles = new ProfileIntake();
            await using var streams = new StreamFollowers(
                logs,
                agents,
                options.Namespace,
                profiles,
                _queue.Add,
                TimeProvider.System,
                log
            );
            var actions = new SessionActions(writer, options, TimeProvider.System, log);
            var latest = new Latest<SessionEntity>(sessions.Store);
            var controller = new SessionController(
                sessions,
                latest,
                agents,
                new TargetResolver(reader, options),
                streams,
                profiles,
                actions,
                new Slots(options, _queue.Add),
                options,
                TimeProvider.System,
                log
            );
            controller.AdmitRunning();
            OperatorMeter.Leader.Record(1);
            foreach (var session in sessions.Store.All())
                _queue.Add(EntityKey.Of(session));
            var reconciler = new Reconciler<SessionEntity>(
                latest,
                controller,
                [
                    new RegisteredFinalizer<SessionEntity>(
                        FormerFinalizer.Identifier,
                        new FormerFinalizer(latest, actions),
                        Former: true
                    ),
                ]
            );
            var runner = new ControllerRunner<SessionEntity>(
                "profilingsession",
                reconciler,
                _queue,
                options.Workers,
                TimeProvider.System
            )
            {
                OnError = (key, message, e) =>
                    log.Warn(
                        "reconcile failed, trying again",
                        ("session", key),
                        ("error", message),
                        ("kind", e?.GetType().Name)
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

        public static EntityKey SessionOf(V1Pod pod)
        {
            var text = pod.GetAnnotation(Resources.Names.SessionAnnotation) ?? "";
            var slash = text.IndexOf('/');
            return slash < 0 ? default : new EntityKey(text[..slash], text[(slash + 1)..]);
        }
    }
}
