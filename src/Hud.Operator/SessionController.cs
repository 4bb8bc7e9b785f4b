using System.Collections.Concurrent;
using System.Globalization;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Streams;
using Hud.Operator.Targets;

namespace Hud.Operator;

/// <summary>
/// Brings one session a step further: gathers what is, lets the pure parts decide, does what they say, writes the status once.
/// Everything it remembers can be lost: the truth is in the session, in the agent pods and in their logs.
/// </summary>
public sealed partial class SessionController(
    Informer<SessionEntity> sessions,
    Informer<Pod> agents,
    TargetResolver resolver,
    StreamFollowers streams,
    SessionActions actions,
    OperatorOptions options,
    TimeProvider time,
    Log log
) : IEntityController
{
    public const string SessionIndex = "session";

    private readonly ConcurrentDictionary<EntityKey, SessionEntity> _written = new();
    private readonly ConcurrentDictionary<EntityKey, long> _progressAt = new();
    private readonly ConcurrentDictionary<EntityKey, string> _toldOf = new();
    private readonly ConcurrentDictionary<string, string> _refusals = new(StringComparer.Ordinal);
    private readonly Lock _admissionLock = new();
    private readonly Dictionary<string, (EntityKey Session, IReadOnlyCollection<string> Nodes)> _admitted = new(
        StringComparer.Ordinal
    );

    public async Task<ReconcileResult> ReconcileAsync(EntityKey key, CancellationToken cancel)
    {
        using var trace = OperatorMeter.Traces.StartActivity("reconcile");
        trace?.SetTag("session", key.ToString());
        try
        {
            return await StepAsync(key, cancel).ConfigureAwait(false);
        }
        catch (ConflictException)
        {
            // the session changed while we looked; the change brings us back, this is for the case that it already did
            return ReconcileResult.After(TimeSpan.FromMilliseconds(200));
        }
    }

    private async Task<ReconcileResult> StepAsync(EntityKey key, CancellationToken cancel)
    {
        var current = Current(key);
        Forget(key, current?.Uid);
        if (current is not { } session)
            return ReconcileResult.Done;
        var status = session.ReadStatus();
        await TellMissedAsync(session, status, cancel).ConfigureAwait(false);
        if (session.Metadata.DeletionTimestamp is not null)
            return await FinalizeAsync(session, cancel).ConfigureAwait(false);
        if (IsFinished(status))
            return await AfterwardsAsync(session, status, cancel).ConfigureAwait(false);

        var admission = Admission.Check(session, out var spec, options);
        if (!admission.Accepted)
            return await RejectAsync(session, status, admission, cancel).ConfigureAwait(false);
        if (status.Targets.Count == 0)
            return await BeginAsync(session, spec, status, cancel).ConfigureAwait(false);
        return await ProceedAsync(session, spec, status, cancel).ConfigureAwait(false);
    }

    /// <summary>The session as the informer has it, unless our own last write is newer: then that, so that no step is taken twice.</summary>
    private SessionEntity? Current(EntityKey key)
    {
        var seen = sessions.Store.Get(key);
        if (seen is null || !_written.TryGetValue(key, out var written))
            return seen;
        if (written.Uid == seen.Uid && Version(written) > Version(seen))
            return written;
        _written.TryRemove(key, out _);
        return seen;
    }

    private static ulong Version(SessionEntity session) =>
        ulong.TryParse(session.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var v)
            ? v
            : 0;

    private static bool IsFinished(ProfilingSessionStatus status) =>
        status.Conditions.Any(c => c.Type is ConditionTypes.Complete or ConditionTypes.Failed && c.Status == "True");

    /// <summary>From accepted to pinned targets.</summary>
    private async Task<ReconcileResult> BeginAsync(
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
        {
            conditions.Set(
                ConditionTypes.Accepted,
                status: true,
                Admission.Accepted.Reason,
                Admission.Accepted.Message
            );
            conditions.Set(
                ConditionTypes.Reconciling,
                status: false,
                "Suspended",
                "suspended; set spec.suspend to false to begin"
            );
            conditions.Set(
                ConditionTypes.Ready,
                status: false,
                "Pending",
                "suspended; set spec.suspend to false to begin"
            );
            await WriteAsync(session, status with { Conditions = conditions.ToList() }, cancel).ConfigureAwait(false);
            return ReconcileResult.Done;
        }
        if (session.Metadata.Finalizers?.Contains(SessionType.Finalizer, StringComparer.Ordinal) != true)
            session = Remember(await actions.SetFinalizerAsync(session, present: true, cancel).ConfigureAwait(false));

        var selection = await resolver.ResolveAsync(session.Namespace, spec.Target, cancel).ConfigureAwait(false);
        if (!selection.Resolved)
            return await UnresolvedAsync(session, spec, status, conditions, selection, cancel).ConfigureAwait(false);
        if (!TryAdmit(session, selection, out var wait))
        {
            conditions.Set(ConditionTypes.Accepted, status: false, "TooManySessions", wait);
            conditions.Set(ConditionTypes.Reconciling, status: false, "TooManySessions", wait);
            conditions.Set(ConditionTypes.Ready, status: false, "Pending", wait);
            await WriteAsync(session, status with { Conditions = conditions.ToList() }, cancel).ConfigureAwait(false);
            return ReconcileResult.After(TimeSpan.FromSeconds(2));
        }
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
                    Targets = selection.Targets,
                    TargetCounts = new TargetCounts { Matched = selection.Matched, Selected = selection.Targets.Count },
                    TargetsReady = $"0/{selection.Targets.Count}",
                    Conditions = conditions.ToList(),
                },
                cancel
            )
            .ConfigureAwait(false);
        return await ProceedAsync(session, spec, session.ReadStatus(), cancel).ConfigureAwait(false);
    }

    private async Task<ReconcileResult> UnresolvedAsync(
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
        conditions.Set(ConditionTypes.Reconciling, status: true, "Scheduling", "waiting for pods to profile");
        // pods may come with the same release as the session, so they are waited for
        var since = conditions[ConditionTypes.Reconciling]!.LastTransitionTime;
        var left = since + spec.StartDeadline.ToTimeSpan() - now;
        if (selection.Final || left <= TimeSpan.Zero)
        {
            await FinishAsync(
                    session,
                    Outcome.Failed(status, conditions, now, selection.Reason, selection.Message, spec.Expect),
                    cancel
                )
                .ConfigureAwait(false);
            return ReconcileResult.Done;
        }
        conditions.Set(ConditionTypes.Ready, status: false, "Pending", selection.Message);
        await WriteAsync(
                session,
                status with
                {
                    TargetCounts = new TargetCounts { Matched = selection.Matched },
                    Conditions = conditions.ToList(),
                },
                cancel
            )
            .ConfigureAwait(false);
        return ReconcileResult.After(left < TimeSpan.FromSeconds(2) ? left : TimeSpan.FromSeconds(2));
    }

    /// <summary>From pinned targets to results.</summary>
    private async Task<ReconcileResult> ProceedAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        Admit(session, status.Targets.Select(t => t.Node));
        IReadOnlyList<AgentObservation> observed =
        [
            .. status
                .Targets.Select(t => t.Node)
                .Distinct(StringComparer.Ordinal)
                .Select(node => Observe(session, node)),
        ];
        var decision = SessionDecider.Decide(
            new Observation
            {
                Spec = spec,
                Status = status with { ObservedGeneration = session.Metadata.Generation ?? 0 },
                Generation = session.Metadata.Generation ?? 0,
                Now = time.GetUtcNow(),
                Agents = observed,
                CurrentFor = agents.CurrentFor is { } a && sessions.CurrentFor is { } s ? (a < s ? a : s) : null,
            }
        );
        foreach (var node in decision.Create)
        {
            var name = Names.AgentPod(session.Uid, node);
            if (
                await actions
                    .CreateAgentAsync(session, spec, node, [.. status.Targets.Where(t => t.Node == node)], cancel)
                    .ConfigureAwait(false) is
                { } refusal
            )
                _refusals[name] = refusal;
            else
                _refusals.TryRemove(name, out _);
        }
        foreach (var name in decision.Stop)
            await actions.StopAgentAsync(name, cancel).ConfigureAwait(false);
        foreach (var name in decision.Delete)
            await actions.DeleteAgentAsync(name, uid: null, cancel).ConfigureAwait(false);
        if (!decision.Finished)
        {
            await WriteProgressAsync(session, status, decision.Status, cancel).ConfigureAwait(false);
            return ReconcileResult.After(decision.RequeueAfter);
        }
        var final = decision.Status;
        if (decision.Profile is { } profile)
            final = StatusFit.Fit(
                final with
                {
                    Results = await actions.StoreAsync(session, spec, profile, cancel).ConfigureAwait(false),
                }
            );
        session = await FinishAsync(session, final, cancel, observed.Max(a => a.Stream.EndedAt)).ConfigureAwait(false);
        return await AfterwardsAsync(session, final, cancel).ConfigureAwait(false);
    }

    private AgentObservation Observe(SessionEntity session, string node)
    {
        var name = Names.AgentPod(session.Uid, node);
        var pod = agents.Store.Get(new EntityKey(options.Namespace, name));
        var container = pod?.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Names.AgentContainer);
        // a log can be read from the moment the container runs; what is followed already goes on even if the pod is gone
        var stream = container?.State is { Running: not null } or { Terminated: not null }
            ? streams.Follow(name, EntityKey.Of(session))
            : streams.Peek(name);
        return new AgentObservation(node, name, pod, stream, pod is null ? _refusals.GetValueOrDefault(name) : null);
    }
}
