using System.Collections.Concurrent;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Alerts;
using Hud.Operator.Continuous;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using Hud.Operator.Reconcile;
using Hud.Operator.Targets;
using Result = Hud.Kubernetes.ReconciliationResult<Hud.Operator.Entities.PolicyEntity>;

namespace Hud.Operator;

/// <summary>
/// Makes the sessions of a policy: gathers what is, lets the pure parts decide, does what they say, writes the status once. Nothing is listed for
/// that: the sessions are found by their owner in the view that there is of them.
/// </summary>
public sealed partial class PolicyController(
    Informer<SessionEntity> sessions,
    Latest<PolicyEntity> latest,
    PolicyActions actions,
    AlertInbox inbox,
    TargetResolver targets,
    ContinuousAgents continuous,
    OperatorOptions options,
    TimeProvider time,
    Log log
) : IEntityController<PolicyEntity>
{
    /// <summary>How many notices of one policy are remembered as told. What is told twice makes one event all the same.</summary>
    private const int MaxTold = 100;

    private readonly ConcurrentDictionary<EntityKey, PolicyMemory> _memories = new();
    private readonly ConcurrentDictionary<EntityKey, HashSet<string>> _told = new();

    public async Task<Result> ReconcileAsync(PolicyEntity entity, CancellationToken cancel)
    {
        using var trace = OperatorMeter.Traces.StartActivity("reconcile");
        trace?.SetTag("policy", EntityKey.Of(entity).ToString());
        try
        {
            return await StepAsync(entity, cancel).ConfigureAwait(false);
        }
        catch (ConflictException)
        {
            // the policy changed while we looked; the change brings us back, this is for the case that it already did
            return Result.Success(entity, SessionController.Soon);
        }
    }

    /// <summary>Its sessions go by themselves: the policy owns them.</summary>
    public async Task<Result> DeletedAsync(PolicyEntity entity, CancellationToken cancel)
    {
        _memories.TryRemove(EntityKey.Of(entity), out _);
        _told.TryRemove(EntityKey.Of(entity), out _);
        _rollouts.TryRemove(EntityKey.Of(entity), out _);
        inbox.Forget(entity);
        await continuous.RemoveAsync(entity, cancel).ConfigureAwait(false);
        return Result.Success(entity);
    }

    private async Task<Result> StepAsync(PolicyEntity policy, CancellationToken cancel)
    {
        if (policy.Metadata.DeletionTimestamp is not null)
            return Result.Success(policy);
        // a view that is not current shows neither what is in progress nor what was made
        if (sessions.CurrentFor is null)
            return Result.Success(policy, TimeSpan.FromSeconds(1));
        var now = time.GetUtcNow();
        var seen = sessions.Store.ByIndex(PolicyRun.OwnerIndex, policy.Uid);
        if (PolicyAdmission.Check(policy, options, now, out var spec, out var schedule) is { } rejected)
            return await RejectAsync(policy, seen, rejected, now, cancel).ConfigureAwait(false);

        var key = EntityKey.Of(policy);
        var observation = new PolicyObservation
        {
            Policy = policy,
            Spec = spec.Schedule,
            Schedule = schedule,
            Alert = spec.Triggers?.Alert,
            Rollouts = spec.Triggers?.Rollout,
            WatchesAlways = spec.Continuous is { Suspend: false },
            ReceivesAlerts = options.ReceivesAlerts,
            Sessions = seen,
            Memory = PolicyMemory.Of(policy, spec.Schedule, _memories.GetValueOrDefault(key), now),
            Now = now,
        };
        var notices = new List<PolicyNotice>();
        (observation, var again) = await WatchAsync(observation, spec, notices, cancel).ConfigureAwait(false);
        observation = await TakeAlertsAsync(observation, spec.Session.Target, notices, cancel).ConfigureAwait(false);
        observation = await TakeRolloutsAsync(observation, spec.Session.Target, notices, cancel).ConfigureAwait(false);
        _memories[key] = observation.Memory;
        var decision = PolicyDecider.Decide(observation);
        notices.AddRange(decision.Notices);
        if (decision.Create is { } run)
        {
            observation = await CreateAsync(observation, run, notices, cancel).ConfigureAwait(false);
            decision = PolicyDecider.Decide(observation);
            notices.AddRange(decision.Notices);
        }
        _memories[key] = observation.Memory;
        foreach (var stopped in decision.Stop)
        {
            await actions.StopAsync(stopped, cancel).ConfigureAwait(false);
            notices.Add(Stopped(stopped, "it was stopped and keeps what it has"));
        }
        foreach (var deleted in decision.Delete)
        {
            await actions.DeleteAsync(deleted, cancel).ConfigureAwait(false);
            if (deleted.State == RunState.Active)
                notices.Add(Stopped(deleted, "it had not begun and was deleted"));
        }
        // first: after a conflict the session is no news any more
        await TellAsync(policy, notices, now, cancel).ConfigureAwait(false);
        policy = await WriteAsync(policy, decision.Status, cancel).ConfigureAwait(false);
        // alerts are left where the pods of their target could not be asked for
        return Result.Success(
            policy,
            Sooner(Sooner(decision.RequeueAfter, inbox.Of(policy).Count > 0 ? TargetsPause : null), again)
        );
    }

    /// <returns>What is to be seen after the session was made, or not.</returns>
    private async Task<PolicyObservation> CreateAsync(
        PolicyObservation o,
        NewRun run,
        List<PolicyNotice> notices,
        CancellationToken cancel
    )
    {
        var (session, refusal, isNew) = await actions.CreateAsync(o.Policy, run, cancel).ConfigureAwait(false);
        var about = run.Alert is null ? PolicyNames.Time(run.Scheduled) : run.Name;
        if (refusal is not null)
        {
            var again = run.Alert is null ? " and is tried again until its deadline" : "";
            notices.Add(
                new PolicyNotice(
                    PolicyReasons.Refused,
                    about,
                    $"the session of {(run.Alert is null ? about : run.Described)} was refused{again}: {refusal}",
                    Warning: true
                )
            );
            return run.Alert is null ? o with { Memory = o.Memory with { Refusal = (run.Scheduled, refusal) } } : o;
        }
        if (session is null)
        {
            notices.Add(
                new PolicyNotice(
                    PolicyReasons.NameTaken,
                    about,
                    $"{run.Described} is left out: there is a session {run.Name} already that this policy does not own",
                    Warning: true
                )
            );
            return run.Alert is null ? o with { Memory = o.Memory.With(run) } : o;
        }
        if (isNew)
            notices.Add(
                new PolicyNotice(
                    PolicyReasons.SessionCreated,
                    about,
                    $"created session {run.Name} for {run.Described}",
                    Warning: false
                )
            );
        var memory = o.Memory.With(run);
        return o with { Memory = memory, Sessions = [.. o.Sessions.Where(s => s.Name != session.Name), session] };
    }

    private static PolicyNotice Stopped(PolicyRun run, string how) =>
        new(
            PolicyReasons.SessionStopped,
            run.Session.Uid,
            $"session {run.Name} is replaced by a newer run: {how}",
            Warning: false
        );

    private async Task<Result> RejectAsync(
        PolicyEntity policy,
        List<SessionEntity> seen,
        Admission.Verdict why,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        LeaveOut(policy, inbox.Of(policy), "not_accepted");
        await continuous.RemoveAsync(policy, cancel).ConfigureAwait(false);
        var runs = PolicyRun.All(policy, seen);
        policy = await WriteAsync(policy, PolicyStatus.Rejected(policy, runs, why, now), cancel).ConfigureAwait(false);
        await TellAsync(
                policy,
                [
                    new PolicyNotice(
                        why.Reason,
                        $"generation {policy.Metadata.Generation ?? 0}",
                        why.Message,
                        Warning: true
                    ),
                ],
                now,
                cancel
            )
            .ConfigureAwait(false);
        return Result.Success(policy);
    }

    private async Task<PolicyEntity> WriteAsync(
        PolicyEntity policy,
        ProfilingPolicyStatus status,
        CancellationToken cancel
    ) =>
        StatusCompare.AreEquivalent(policy.ReadStatus(), status)
            ? policy
            : latest.Wrote(await actions.WriteStatusAsync(policy, status, cancel).ConfigureAwait(false));

    /// <summary>Each notice once, as far as this process remembers.</summary>
    private async Task TellAsync(
        PolicyEntity policy,
        IReadOnlyList<PolicyNotice> notices,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        if (notices.Count == 0)
            return;
        var told = _told.GetOrAdd(EntityKey.Of(policy), _ => new HashSet<string>(StringComparer.Ordinal));
        if (told.Count > MaxTold)
            told.Clear();
        var news = notices.Where(n => told.Add($"{policy.Uid}|{n.Reason}|{n.About}")).ToList();
        foreach (var notice in news.Where(n => n.Reason is PolicyReasons.RunsMissed or PolicyReasons.RolloutMissed))
        {
            OperatorMeter.PolicyRuns.Add(
                1,
                new KeyValuePair<string, object?>("outcome", "missed"),
                new KeyValuePair<string, object?>(
                    "trigger",
                    PolicyActions.Label(
                        notice.Reason == PolicyReasons.RunsMissed ? RunTrigger.Schedule : RunTrigger.Rollout
                    )
                )
            );
            log.Warn(notice.Message, ("policy", EntityKey.Of(policy)));
        }
        await actions.ReportAsync(policy, news, now, cancel).ConfigureAwait(false);
    }
}
