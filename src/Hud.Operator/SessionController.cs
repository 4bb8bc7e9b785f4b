using System.Collections.Concurrent;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.LookBack;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using Hud.Operator.Targets;
using k8s.Models;
using Result = Hud.Kubernetes.ReconciliationResult<Hud.Operator.Entities.SessionEntity>;

namespace Hud.Operator;

/// <summary>
/// Brings one session a step further: gathers what is, lets the pure parts decide, does what they say, writes the status once.
/// Everything it remembers can be lost: the truth is in the session, in the agent pods and in their logs.
/// </summary>
public sealed partial class SessionController(
    Informer<SessionEntity> sessions,
    Latest<SessionEntity> latest,
    Informer<V1Pod> agents,
    Informer<PolicyEntity> policies,
    TargetResolver resolver,
    StreamFollowers streams,
    ProfileIntake profiles,
    SessionActions actions,
    Slots slots,
    OperatorOptions options,
    TimeProvider time,
    Log log
) : IEntityController<SessionEntity>
{
    /// <summary>Agent pods by the UID of their session.</summary>
    public const string SessionIndex = "session";

    /// <summary>Agent pods by namespace and name of their session.</summary>
    public const string SessionNameIndex = "sessionName";

    public static readonly IReadOnlyDictionary<string, Func<V1Pod, IEnumerable<string>>> AgentIndexes = new Dictionary<
        string,
        Func<V1Pod, IEnumerable<string>>
    >(StringComparer.Ordinal)
    {
        [SessionIndex] = p => p.GetLabel(Names.SessionUidLabel) is { } uid ? [uid] : [],
        [SessionNameIndex] = p => p.GetAnnotation(Names.SessionAnnotation) is { } name ? [name] : [],
        [AskedIndex] = Asked,
    };

    /// <summary>By then a write, whoever made it, is in view.</summary>
    internal static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<EntityKey, long> _progressAt = new();
    private readonly ConcurrentDictionary<EntityKey, string> _reportedOf = new();
    private readonly ConcurrentDictionary<string, string> _refusals = new(StringComparer.Ordinal);

    public Task<Result> ReconcileAsync(SessionEntity entity, CancellationToken cancel) =>
        TracedAsync(
            entity,
            async () =>
            {
                await ClearAsync(EntityKey.Of(entity), entity.Uid, cancel).ConfigureAwait(false);
                return await StepAsync(entity, cancel).ConfigureAwait(false);
            }
        );

    public Task<Result> DeletedAsync(SessionEntity entity, CancellationToken cancel) =>
        TracedAsync(
            entity,
            async () =>
            {
                var key = EntityKey.Of(entity);
                await ClearAsync(key, latest.Get(key)?.Uid, cancel).ConfigureAwait(false);
                return Result.Success(entity);
            }
        );

    /// <summary>With a span of its own, and a second try when another client wrote meanwhile.</summary>
    internal static async Task<Result> TracedAsync(SessionEntity session, Func<Task<Result>> reconcile)
    {
        using var trace = OperatorMeter.Traces.StartActivity("reconcile");
        trace?.SetTag("session", EntityKey.Of(session).ToString());
        try
        {
            return await reconcile().ConfigureAwait(false);
        }
        catch (ConflictException)
        {
            // the session changed while we looked; the change brings us back, this is for the case that it already did
            return Result.Success(session, Soon);
        }
    }

    /// <summary>What sessions of this name left behind that are gone: all of them, or all but the one that has the name now.</summary>
    private async Task ClearAsync(EntityKey key, string? uidNow, CancellationToken cancel)
    {
        Forget(key, uidNow);
        await RemoveForsakenAsync(key, uidNow, cancel).ConfigureAwait(false);
    }

    private async Task<Result> StepAsync(SessionEntity session, CancellationToken cancel)
    {
        var status = session.ReadStatus();
        await ReportMissedAsync(session, status, cancel).ConfigureAwait(false);
        if (session.Metadata.DeletionTimestamp is not null)
            return await LeaveAsync(session, cancel).ConfigureAwait(false);
        if (IsFinished(status))
            return await AfterwardsAsync(session, status, cancel).ConfigureAwait(false);

        var admission = Admission.Check(session, out var spec, options);
        if (!admission.Accepted)
            return await RejectAsync(session, status, admission, cancel).ConfigureAwait(false);
        if (status.Targets.Count == 0)
            return await BeginAsync(session, spec, status, cancel).ConfigureAwait(false);
        return await ProceedAsync(session, spec, status, cancel).ConfigureAwait(false);
    }

    private static bool IsFinished(ProfilingSessionStatus status) =>
        status.Conditions.Any(c => c.Type is ConditionTypes.Complete or ConditionTypes.Failed && c.Status == "True");

    /// <summary>From accepted to pinned targets.</summary>
    private async Task<Result> BeginAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        var now = time.GetUtcNow();
        var generation = session.Metadata.Generation ?? 0;
        var conditions = new ConditionSet(status.Conditions, generation, now);
        status = status with { ObservedGeneration = generation, Phase = SessionPhase.Pending };
        if (spec.Suspend)
            return await HoldAsync(session, status, conditions, cancel).ConfigureAwait(false);
        // a place first: what waits for one costs the API server nothing
        if (slots.IsStillBlocked(session.Uid, out var wait))
            return await WaitAsync(session, status, conditions, wait, cancel).ConfigureAwait(false);
        if (!slots.TryTake(session.Uid, EntityKey.Of(session), [], out wait, out var refused))
            return refused
                ? await RejectAsync(
                        session,
                        status,
                        new Admission.Verdict(Accepted: false, "TooManyWaiting", wait),
                        cancel
                    )
                    .ConfigureAwait(false)
                : await WaitAsync(session, status, conditions, wait, cancel).ConfigureAwait(false);
        var selection = await resolver.ResolveAsync(session.Namespace, spec.Target, cancel).ConfigureAwait(false);
        if (!selection.Resolved)
            return await UnresolvedAsync(session, spec, status, conditions, selection, cancel).ConfigureAwait(false);
        var nodes = selection.Targets.Select(t => t.Node).Distinct(StringComparer.Ordinal).ToList();
        if (!slots.TryTake(session.Uid, EntityKey.Of(session), nodes, out wait, out _))
            return await WaitAsync(session, status, conditions, wait, cancel).ConfigureAwait(false);
        OperatorMeter.Active.Record(slots.Active);
        selection = await PinAsync(session, selection, cancel).ConfigureAwait(false);
        conditions.Set(ConditionTypes.Accepted, status: true, Admission.Accepted.Reason, Admission.Accepted.Message);
        conditions.Set(ConditionTypes.TargetsResolved, status: true, selection.Reason, selection.Message);
        conditions.Set(ConditionTypes.Reconciling, status: true, "Scheduling", "starting agents");
        conditions.Set(ConditionTypes.Ready, status: false, "Pending", "starting agents");
        // pinned before any agent is made: whoever goes on from here goes on with the same targets
        session = await WriteAsync(
                session,
                status with
                {
                    Phase = SessionPhase.Scheduling,
                    StartTime = ConditionSet.Seconds(now),
                    Targets = ShownTargets.Of(selection.Targets),
                    TargetCounts = new TargetCounts { Matched = selection.Matched, Selected = selection.Targets.Count },
                    TargetsReady = $"0/{selection.Targets.Count}",
                    Conditions = conditions.ToList(),
                },
                cancel
            )
            .ConfigureAwait(false);
        return await ProceedAsync(session, spec, session.ReadStatus(), cancel).ConfigureAwait(false);
    }

    /// <summary>Suspended before it began.</summary>
    private async Task<Result> HoldAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        ConditionSet conditions,
        CancellationToken cancel
    )
    {
        const string Next = "suspended; set spec.suspend to false to begin";
        slots.Release(session.Uid);
        conditions.Set(ConditionTypes.Accepted, status: true, Admission.Accepted.Reason, Admission.Accepted.Message);
        conditions.Set(ConditionTypes.Reconciling, status: false, "Suspended", Next);
        conditions.Set(ConditionTypes.Ready, status: false, "Pending", Next);
        session = await WriteAsync(session, status with { Conditions = conditions.ToList() }, cancel)
            .ConfigureAwait(false);
        return Result.Success(session);
    }

    /// <summary>
    /// Until there is a place. Whoever gives one back wakes the next; polling is only for what raised no change, and becomes rarer.
    /// </summary>
    private async Task<Result> WaitAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        ConditionSet conditions,
        string wait,
        CancellationToken cancel
    )
    {
        conditions.Set(ConditionTypes.Accepted, status: false, "TooManySessions", wait);
        conditions.Set(ConditionTypes.Reconciling, status: false, "TooManySessions", wait);
        conditions.Set(ConditionTypes.Ready, status: false, "Pending", wait);
        session = await WriteAsync(session, status with { Conditions = conditions.ToList() }, cancel)
            .ConfigureAwait(false);
        var since = conditions[ConditionTypes.Accepted]!.LastTransitionTime;
        return Result.Success(session, Patience(since, TimeSpan.FromMinutes(1)));
    }

    /// <summary>As long again as was waited already, so that what takes long is asked for seldom.</summary>
    private TimeSpan Patience(DateTimeOffset? since, TimeSpan most)
    {
        var waited = time.GetUtcNow() - (since ?? time.GetUtcNow());
        return waited < TimeSpan.FromSeconds(2) ? TimeSpan.FromSeconds(2)
            : waited > most ? most
            : waited;
    }

    private async Task<Result> UnresolvedAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfilingSessionStatus status,
        ConditionSet conditions,
        Selection selection,
        CancellationToken cancel
    )
    {
        var now = time.GetUtcNow();
        conditions.Set(ConditionTypes.Accepted, status: true, Admission.Accepted.Reason, Admission.Accepted.Message);
        conditions.Set(ConditionTypes.TargetsResolved, status: false, selection.Reason, selection.Message);
        // Pods may come with the same release as the session, so they are waited for: from its creation on, whatever kept us from it, or from the
        // end of a suspension or of its wait for a turn.
        conditions.Set(
            ConditionTypes.Reconciling,
            status: true,
            "Scheduling",
            "waiting for pods to profile",
            conditions[ConditionTypes.Reconciling] is null ? session.Metadata.CreationTimestamp.AsOffset() : null
        );
        var since = conditions[ConditionTypes.Reconciling]!.LastTransitionTime;
        var left = since + spec.StartDeadline.ToTimeSpan() - now;
        if (selection.Final || left <= TimeSpan.Zero)
        {
            session = await FinishAsync(
                    session,
                    TerminalStatus.Failed(status, conditions, now, selection.Reason, selection.Message, spec.Expect),
                    cancel
                )
                .ConfigureAwait(false);
            return Result.Success(session);
        }
        conditions.Set(ConditionTypes.Ready, status: false, "Pending", selection.Message);
        session = await WriteAsync(
                session,
                status with
                {
                    TargetCounts = new TargetCounts { Matched = selection.Matched },
                    Conditions = conditions.ToList(),
                },
                cancel
            )
            .ConfigureAwait(false);
        var pause = Patience(since, TimeSpan.FromSeconds(15));
        return Result.Success(session, left < pause ? left : pause);
    }

    /// <summary>From pinned targets to results.</summary>
    private async Task<Result> ProceedAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        var written = status;
        status = await WithAllTargetsAsync(session, status, cancel).ConfigureAwait(false);
        // more than that no selection pins; whoever wrote more is not to have more agents
        if (status.Targets.Count > options.MaxPodsPerSession)
            status = status with { Targets = [.. status.Targets.Take(options.MaxPodsPerSession)] };
        var nodes = status.Targets.Select(t => t.Node).Distinct(StringComparer.Ordinal).ToList();
        if (!slots.Holds(session.Uid))
        {
            // pinned by an operator that ended before it made an agent, or written by another client
            if (HasAgents(session))
                slots.Hold(session.Uid, EntityKey.Of(session), nodes);
            else if (!slots.TryTake(session.Uid, EntityKey.Of(session), nodes, out var wait, out _))
                return await WaitAsync(
                        session,
                        status,
                        new ConditionSet(status.Conditions, session.Metadata.Generation ?? 0, time.GetUtcNow()),
                        wait,
                        cancel
                    )
                    .ConfigureAwait(false);
        }
        var lookBack = await LookBackAsync(session, spec, status.Targets, cancel).ConfigureAwait(false);
        IReadOnlyList<AgentObservation> observed =
        [
            .. nodes.Select(node =>
                lookBack.GetValueOrDefault(node) is { Request: not null } asked
                    ? Observe(session, spec, asked, status.Targets, nodes.Count)
                    : Observe(session, node, nodes.Count)
            ),
        ];
        var (decision, results) = await DecideAsync(
                session,
                new Observation
                {
                    Spec = spec,
                    Status = status with { ObservedGeneration = session.Metadata.Generation ?? 0 },
                    Generation = session.Metadata.Generation ?? 0,
                    Now = time.GetUtcNow(),
                    Agents = observed,
                    LookBack = LookBackWindow.Of(session, spec) is { } window
                        ? new LookBackSeen(window, [.. lookBack.Values.Select(n => n.Why).Where(w => w.Length > 0)])
                        : null,
                    CurrentFor = agents.CurrentFor is { } a && sessions.CurrentFor is { } s ? (a < s ? a : s) : null,
                },
                cancel
            )
            .ConfigureAwait(false);
        if (await CheckPinnedAsync(session, status, decision.Create, cancel).ConfigureAwait(false) is { } corrected)
        {
            var shown = corrected with { Targets = ShownTargets.Of(corrected.Targets) };
            if (shown.Targets.Count < corrected.Targets.Count)
                Remember(session, corrected.Targets);
            session = await WriteAsync(session, shown, cancel).ConfigureAwait(false);
            return await ProceedAsync(session, spec, shown, cancel).ConfigureAwait(false);
        }
        await CarryOutAsync(session, spec, status, observed, decision, cancel).ConfigureAwait(false);
        var hasMore = decision.Status.Targets.Count < decision.Targets.Count;
        if (hasMore)
            Remember(session, decision.Targets);
        if (!decision.Finished)
        {
            session = await WriteProgressAsync(session, written, decision.Status, cancel).ConfigureAwait(false);
            return Result.Success(session, decision.RequeueAfter);
        }
        var final = await StoreAsync(session, decision.Status, results, cancel).ConfigureAwait(false);
        session = await FinishAsync(session, final, cancel, observed.Max(a => a.Stream.EndedAt)).ConfigureAwait(false);
        if (hasMore)
            await actions.UnpinAsync(session, cancel).ConfigureAwait(false);
        return await AfterwardsAsync(session, final, cancel).ConfigureAwait(false);
    }

    /// <summary>Agents are made, stopped and deleted as was decided. What the server refuses to make is kept for the next look.</summary>
    private async Task CarryOutAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfilingSessionStatus status,
        IReadOnlyList<AgentObservation> observed,
        Decision decision,
        CancellationToken cancel
    )
    {
        foreach (var node in decision.Create)
        {
            var name = Names.AgentPod(session.Uid, node);
            if (
                await actions
                    .CreateAgentAsync(
                        session,
                        spec,
                        node,
                        [
                            .. status
                                .Targets.Where(t => t.Node == node && t.State != TargetState.Failed)
                                .Take(SessionBounds.MaxPodsOfNode),
                        ],
                        cancel
                    )
                    .ConfigureAwait(false) is
                { } refusal
            )
                _refusals[name] = refusal;
            else
                _refusals.TryRemove(name, out _);
        }
        foreach (
            var agent in observed.Where(a =>
                a.Pod is not null && decision.Stop.Contains(a.Name, StringComparer.Ordinal)
            )
        )
        {
            if (agent.Asked is null)
                await actions.StopAgentAsync(agent.Pod!, cancel).ConfigureAwait(false);
            else
                await AnswerNowAsync(session, agent.Pod!, cancel).ConfigureAwait(false);
        }
        foreach (
            var pod in observed
                .Where(a =>
                    a is { Pod: not null, Asked: null } && decision.Delete.Contains(a.Name, StringComparer.Ordinal)
                )
                .Select(a => a.Pod!)
        )
            await actions.DeleteAgentAsync(pod.Metadata.Name, pod.Metadata.Uid, cancel).ConfigureAwait(false);
    }

    /// <returns>The status with its results, or with the reason why there are none.</returns>
    private async Task<ProfilingSessionStatus> StoreAsync(
        SessionEntity session,
        ProfilingSessionStatus final,
        IReadOnlyList<(V1ConfigMap Map, ResultReference Reference)> results,
        CancellationToken cancel
    )
    {
        if (results.Count == 0)
            return final;
        var (stored, refused) = await actions.StoreAsync(results, cancel).ConfigureAwait(false);
        return StatusSizeLimiter.Fit(
            refused is null
                ? final with
                {
                    Results = stored,
                }
                : TerminalStatus.NotStored(
                    final with
                    {
                        Results = stored,
                    },
                    session.Metadata.Generation ?? 0,
                    time.GetUtcNow(),
                    results.Count,
                    refused
                )
        );
    }

    /// <summary>
    /// The decision, and the files of a session that ends with it. A profile is open meanwhile, so one session at a time; what only waits
    /// for its agents does not wait its turn.
    /// </summary>
    private async Task<(
        Decision Decision,
        IReadOnlyList<(V1ConfigMap Map, ResultReference Reference)> Results
    )> DecideAsync(SessionEntity session, Observation seen, CancellationToken cancel)
    {
        if (seen.Agents.All(a => a.Stream.Profile is null))
            return Decided(SessionDecider.Decide(seen));
        using var alone = await profiles.OpenAsync(cancel).ConfigureAwait(false);
        try
        {
            return await MemoryRetry
                .RunAsync(() => Decided(SessionDecider.Decide(seen)), time, cancel)
                .ConfigureAwait(false);
        }
#pragma warning disable CA1031 // what an agent wrote is at fault, whatever it trips over; tried again, it would trip again
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            var error = e is OutOfMemoryException ? MemoryRetry.Advice : e.Message;
            log.Warn("profile cannot be used", ("session", EntityKey.Of(session)), ("error", error));
            return Decided(
                SessionDecider.Decide(seen with { Agents = [.. seen.Agents.Select(a => Without(a, error))] })
            );
        }

        (Decision, IReadOnlyList<(V1ConfigMap Map, ResultReference Reference)>) Decided(Decision decision) =>
            (
                decision,
                decision.Finished
                    ? Results.Build(
                        session,
                        seen.Spec,
                        decision.Profile,
                        decision.Targets,
                        decision.Status.Targets.Count
                    )
                    : []
            );
    }

    private static AgentObservation Without(AgentObservation agent, string error) =>
        agent.Stream.Profile is null
            ? agent
            : agent with
            {
                Stream = agent.Stream with { Profile = null, ProfileError = StatusSizeLimiter.Cut(error, 300) },
            };

    /// <summary>
    /// Asks the API server, not the status, before any agent is made: is each target of these nodes what the status says?
    /// </summary>
    /// <returns>The status with those failed that are not; null when all are.</returns>
    private async Task<ProfilingSessionStatus?> CheckPinnedAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        IReadOnlyList<string> nodes,
        CancellationToken cancel
    )
    {
        var targets = status.Targets.ToList();
        var failed = false;
        for (var i = 0; i < targets.Count; i++)
        {
            if (!nodes.Contains(targets[i].Node, StringComparer.Ordinal) || targets[i].State == TargetState.Failed)
                continue;
            var pod = await actions.GetTargetAsync(session.Namespace, targets[i].Pod, cancel).ConfigureAwait(false);
            if (PinnedTarget.Mismatch(targets[i], pod) is not { } why)
                continue;
            targets[i] = TargetProgress.Fail(targets[i], TargetReasons.TargetGone, why);
            failed = true;
        }
        return failed ? status with { Targets = targets } : null;
    }

    private AgentObservation Observe(SessionEntity session, string node, int of)
    {
        var name = Names.AgentPod(session.Uid, node);
        // by label and not by name alone: what is deleted or read because of a status is this session's
        var pod = agents.Store.ByIndex(SessionIndex, session.Uid).Find(p => p.Metadata.Name == name);
        var container = pod?.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Names.AgentContainer);
        // a log can be read from the moment the container runs; what is followed already goes on even if the pod is gone
        var stream = container?.State is { Running: not null } or { Terminated: not null }
            ? streams.Follow(pod!, EntityKey.Of(session), of)
            : streams.Peek(name);
        return new AgentObservation(node, name, pod, stream, pod is null ? _refusals.GetValueOrDefault(name) : null);
    }
}
