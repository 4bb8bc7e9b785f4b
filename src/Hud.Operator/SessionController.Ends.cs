using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Targets;
using k8s.Models;
using Result = Hud.Kubernetes.ReconciliationResult<Hud.Operator.Entities.SessionEntity>;

namespace Hud.Operator;

/// <summary>The ends of a session, and what is written on the way.</summary>
public sealed partial class SessionController
{
    /// <summary>A finished session: its agents go, and at last, if wanted, its results.</summary>
    private async Task<Result> AfterwardsAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        Release(session);
        await WithdrawAsync(session, cancel).ConfigureAwait(false);
        if (
            TerminalStatus.Observed(status, session.Metadata.Generation ?? 0) is var seen
            && seen.ObservedGeneration != status.ObservedGeneration
        )
        {
            status = seen;
            session = await WriteAsync(session, status, cancel).ConfigureAwait(false);
        }
        if (
            await RemoveAgentsAsync(
                    session,
                    p => AgentPod.IsLeaving(p, status.CompletionTime, time.GetUtcNow()),
                    cancel
                )
                .ConfigureAwait(false)
        )
            return Result.Success(session, TimeSpan.FromSeconds(1));
        if (
            !session.TryReadSpec(out var spec, out _)
            || spec.ResultsTtl is not { } ttl
            || status.CompletionTime is not { } end
            || status.Results.Count == 0
        )
            return Result.Success(session);
        var left = end + ttl.ToTimeSpan() - time.GetUtcNow();
        if (left > TimeSpan.Zero)
            return Result.Success(session, left);
        await actions.DeleteResultsAsync(session, status.Results, cancel).ConfigureAwait(false);
        var conditions = new ConditionSet(status.Conditions, session.Metadata.Generation ?? 0, time.GetUtcNow());
        conditions.Set(
            ConditionTypes.ResultsComplete,
            status: false,
            "Expired",
            $"the results were deleted {ttl} after the end, as resultsTTL says"
        );
        session = await WriteAsync(session, status with { Results = [], Conditions = conditions.ToList() }, cancel)
            .ConfigureAwait(false);
        return Result.Success(session);
    }

    /// <summary>A session that another controller's finalizer keeps: for us it is gone.</summary>
    private async Task<Result> LeaveAsync(SessionEntity session, CancellationToken cancel)
    {
        Release(session);
        await WithdrawAsync(session, cancel).ConfigureAwait(false);
        return await RemoveAgentsAsync(session, _ => false, cancel).ConfigureAwait(false)
            ? Result.Success(session, TimeSpan.FromSeconds(1))
            : Result.Success(session);
    }

    /// <summary>
    /// Removes the agents of sessions that had this name and are gone. That is all a deletion needs, so sessions have no finalizer: one would keep
    /// session, namespace and CRD from going where Hud is uninstalled, as no operator is left to remove it. What is missed here, the sweep finds.
    /// </summary>
    private async Task RemoveForsakenAsync(EntityKey key, string? uidNow, CancellationToken cancel)
    {
        foreach (var pod in agents.Store.ByIndex(SessionNameIndex, key.ToString()))
        {
            var uid = pod.GetLabel(Names.SessionUidLabel) ?? "";
            if (uid == uidNow || pod.Metadata.DeletionTimestamp is not null)
                continue;
            // the view of the pods may be ahead of that of the sessions
            if (await actions.SessionExistsAsync(key, uid, cancel).ConfigureAwait(false))
                continue;
            ForgetAgent(pod.Metadata.Name);
            await DeleteAgentAsync(pod, cancel).ConfigureAwait(false);
            log.Info("agent pod of a deleted session removed", ("session", key), ("pod", pod.Metadata.Name));
        }
    }

    /// <param name="spare">Pods that are not deleted yet.</param>
    /// <returns>True while there are some.</returns>
    private async Task<bool> RemoveAgentsAsync(SessionEntity session, Func<V1Pod, bool> spare, CancellationToken cancel)
    {
        foreach (var node in session.ReadStatus().Targets.Select(t => t.Node).Distinct(StringComparer.Ordinal))
            ForgetAgent(Names.AgentPod(session.Uid, node));
        var left = agents.Store.ByIndex(SessionIndex, session.Uid);
        foreach (var pod in left)
        {
            streams.Forget(pod.Metadata.Name);
            if (pod.Metadata.DeletionTimestamp is null && !spare(pod))
                await DeleteAgentAsync(pod, cancel).ConfigureAwait(false);
        }
        return left.Count > 0;
    }

    private Task DeleteAgentAsync(V1Pod pod, CancellationToken cancel) =>
        actions.DeleteAgentAsync(pod.Metadata.Name, pod.Metadata.Uid, AgentView.HasNoImage(pod) ? 0 : null, cancel);

    private void ForgetAgent(string pod)
    {
        streams.Forget(pod);
        _refusals.TryRemove(pod, out _);
    }

    private async Task<Result> RejectAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        Admission.Verdict why,
        CancellationToken cancel
    )
    {
        var generation = session.Metadata.Generation ?? 0;
        var conditions = new ConditionSet(status.Conditions, generation, time.GetUtcNow());
        conditions.Set(ConditionTypes.Accepted, status: false, why.Reason, why.Message);
        var expect = session.TryReadSpec(out var spec, out _) ? spec.Expect : null;
        var final = TerminalStatus.Failed(
            status with
            {
                ObservedGeneration = generation,
            },
            conditions,
            time.GetUtcNow(),
            why.Reason,
            why.Message,
            expect
        );
        session = await FinishAsync(session, final, cancel).ConfigureAwait(false);
        await AfterwardsAsync(session, final, cancel).ConfigureAwait(false);
        return Result.Success(session);
    }

    /// <param name="ended">When the last stream ended, by the clock's timestamps; null when there was none.</param>
    private async Task<SessionEntity> FinishAsync(
        SessionEntity session,
        ProfilingSessionStatus final,
        CancellationToken cancel,
        long? ended = null
    )
    {
        var before = session.ReadStatus();
        session = latest.Wrote(await actions.WriteStatusAsync(session, final, cancel).ConfigureAwait(false));
        // counted before the event is emitted: what is written is final, and emitting may be cut short
        var outcome = final.Conditions.First(c =>
            c.Type is ConditionTypes.Complete or ConditionTypes.Failed && c.Status == "True"
        );
        OperatorMeter.Sessions.Add(
            1,
            new KeyValuePair<string, object?>("outcome", outcome.Type),
            new KeyValuePair<string, object?>("reason", outcome.Reason)
        );
        if (ended is { } at)
            OperatorMeter.Completion.Record(time.GetElapsedTime(at).TotalSeconds);
        log.Info(
            "session finished",
            ("session", EntityKey.Of(session)),
            ("outcome", outcome.Type),
            ("reason", outcome.Reason),
            ("verdict", final.Verdict)
        );
        await actions
            .ReportAsync(TransitionEvents.Between(session, before, final, time.GetUtcNow()), cancel)
            .ConfigureAwait(false);
        return session;
    }

    /// <summary>Transitions are written at once, progress alone at most every five seconds.</summary>
    private async Task<SessionEntity> WriteProgressAsync(
        SessionEntity session,
        ProfilingSessionStatus before,
        ProfilingSessionStatus after,
        CancellationToken cancel
    )
    {
        var key = EntityKey.Of(session);
        if (StatusCompare.AreEquivalent(before, after))
            return session;
        if (
            !StatusCompare.IsTransition(before, after)
            && _progressAt.TryGetValue(key, out var at)
            && time.GetElapsedTime(at) < options.ProgressInterval
        )
            return session;
        if (
            before.Phase != SessionPhase.Profiling
            && after.Phase == SessionPhase.Profiling
            && session.Metadata.CreationTimestamp is { } created
        )
            OperatorMeter.FirstSample.Record(Math.Max(0, (time.GetUtcNow().UtcDateTime - created).TotalSeconds));
        _progressAt[key] = time.GetTimestamp();
        return await WriteAsync(session, after, cancel).ConfigureAwait(false);
    }

    private async Task<SessionEntity> WriteAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        var before = session.ReadStatus();
        if (StatusCompare.AreEquivalent(before, status))
            return session;
        var written = latest.Wrote(await actions.WriteStatusAsync(session, status, cancel).ConfigureAwait(false));
        await actions
            .ReportAsync(TransitionEvents.Between(session, before, status, time.GetUtcNow()), cancel)
            .ConfigureAwait(false);
        return written;
    }

    /// <summary>Once for each session, at its first sight.</summary>
    private Task ReportMissedAsync(SessionEntity session, ProfilingSessionStatus status, CancellationToken cancel)
    {
        var key = EntityKey.Of(session);
        if (_reportedOf.TryGetValue(key, out var uid) && uid == session.Uid)
            return Task.CompletedTask;
        _reportedOf[key] = session.Uid;
        return actions.ReportAsync(TransitionEvents.Recent(session, status, time.GetUtcNow()), cancel);
    }

    private void Release(SessionEntity session)
    {
        _progressAt.TryRemove(EntityKey.Of(session), out _);
        slots.Release(session.Uid);
        if (_targets.TryRemove(session.Uid, out var targets))
        {
            foreach (var node in targets.Select(t => t.Node).Distinct(StringComparer.Ordinal))
                ForgetAgent(Names.AgentPod(session.Uid, node));
        }
        OperatorMeter.Active.Record(slots.Active);
    }

    /// <summary>
    /// Gives back what sessions of this name held that are gone: all of them, or all but the one that has the name now.
    /// </summary>
    private void Forget(EntityKey key, string? uidNow)
    {
        if (uidNow is null)
        {
            _progressAt.TryRemove(key, out _);
            _reportedOf.TryRemove(key, out _);
        }
        foreach (var (uid, nodes) in slots.Former(key, uidNow))
        {
            slots.Release(uid);
            _targets.TryRemove(uid, out _);
            foreach (var node in nodes)
                ForgetAgent(Names.AgentPod(uid, node));
        }
        OperatorMeter.Active.Record(slots.Active);
    }

    /// <summary>
    /// Before the first reconcile after a start: sessions in progress count, whoever began them. That they are is seen by their agents;
    /// a status alone proves nothing, and such a session takes its place like any other.
    /// </summary>
    public void AdmitRunning()
    {
        foreach (var session in sessions.Store.All())
        {
            var status = session.ReadStatus();
            if (!IsFinished(status) && session.Metadata.DeletionTimestamp is null && HasAgents(session))
                slots.Hold(session.Uid, EntityKey.Of(session), NodesOf(session, status));
        }
        OperatorMeter.Active.Record(slots.Active);
    }

    private bool HasAgents(SessionEntity session) =>
        agents.Store.ByIndex(SessionIndex, session.Uid).Count > 0
        || agents.Store.ByIndex(AskedIndex, session.Uid).Count > 0;
}
