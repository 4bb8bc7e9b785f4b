using System.Text.Json;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using k8s.Models;

namespace Hud.Operator.Policies;

/// <summary>What became of a session that was to be made.</summary>
/// <param name="Session">Of the run, made now or before; null where there is none.</param>
/// <param name="Refusal">Why the API server will not have it.</param>
public sealed record CreatedRun(SessionEntity? Session, string? Refusal, bool IsNew);

/// <summary>The writes of policies, each safe to repeat.</summary>
public sealed class PolicyActions(KubernetesClient client, SessionActions events, Log log)
{
    public async Task<CreatedRun> CreateAsync(PolicyEntity policy, NewRun run, CancellationToken cancel)
    {
        try
        {
            var session = await client
                .CreateAsync(SessionType.Sessions, PolicySession.Build(policy, run), cancel)
                .ConfigureAwait(false);
            Count(run, "created");
            log.Info("session created", ("policy", EntityKey.Of(policy)), ("session", run.Name));
            return new CreatedRun(session, Refusal: null, IsNew: true);
        }
        catch (AlreadyExistsException)
        {
            // made before a restart, or by the leader before us; or another's, which is left alone
            var there = await client
                .TryGetAsync(SessionType.Sessions, policy.Namespace, run.Name, cancel)
                .ConfigureAwait(false);
            return new CreatedRun(
                there is not null && PolicyRun.Of(policy, there) is not null ? there : null,
                Refusal: null,
                IsNew: false
            );
        }
        catch (KubernetesException e) when (SessionActions.IsRefusedForGood(e))
        {
            Count(run, "refused");
            log.Warn("session refused", ("policy", EntityKey.Of(policy)), ("error", e.Message));
            return new CreatedRun(Session: null, e.Detail, IsNew: false);
        }
    }

    private static void Count(NewRun run, string outcome) =>
        OperatorMeter.PolicyRuns.Add(
            1,
            new KeyValuePair<string, object?>("outcome", outcome),
            new KeyValuePair<string, object?>("trigger", Label(run.Trigger))
        );

    /// <summary>As metrics name it.</summary>
    public static string Label(RunTrigger trigger) =>
        trigger switch
        {
            RunTrigger.Alert => "alert",
            RunTrigger.Rollout => "rollout",
            _ => "schedule",
        };

    /// <summary>As a user would: by suspend, which ends the run and keeps what there is.</summary>
    public async Task StopAsync(PolicyRun run, CancellationToken cancel)
    {
        try
        {
            await client
                .PatchAsync(
                    SessionType.Sessions,
                    run.Session.Namespace,
                    run.Name,
                    PatchKind.Merge,
                    $$$"""{"metadata":{"uid":"{{{JsonEncodedText.Encode(run.Session.Uid)}}}"},"spec":{"suspend":true}}""",
                    cancel
                )
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or ConflictException)
        {
            // gone, and another may have its name
        }
    }

    /// <summary>This very session, as it was seen: one that has changed meanwhile is looked at again first.</summary>
    public async Task DeleteAsync(PolicyRun run, CancellationToken cancel)
    {
        try
        {
            await client
                .DeleteAsync(
                    SessionType.Sessions,
                    run.Session.Namespace,
                    run.Name,
                    new V1DeleteOptions
                    {
                        Preconditions = new V1Preconditions
                        {
                            Uid = run.Session.Uid,
                            ResourceVersion = run.Session.Metadata.ResourceVersion,
                        },
                        PropagationPolicy = "Background",
                    },
                    cancel
                )
                .ConfigureAwait(false);
        }
        catch (ConflictException)
        {
            // the change brings us back
        }
    }

    /// <summary>See <see cref="SessionActions.WriteStatusAsync"/>.</summary>
    public Task<PolicyEntity> WriteStatusAsync(
        PolicyEntity policy,
        ProfilingPolicyStatus status,
        CancellationToken cancel
    )
    {
        OperatorMeter.StatusWrites.Add(1);
        var body = new PolicyEntity
        {
            Metadata = new V1ObjectMeta
            {
                Name = policy.Name,
                NamespaceProperty = policy.Namespace,
                Uid = policy.Uid,
                ResourceVersion = policy.Metadata.ResourceVersion,
            },
            Spec = policy.Spec,
            Status = StatusJson.Write(status),
        };
        return client.ReplaceAsync(PolicyType.Policies, body, cancel, "status");
    }

    public Task ReportAsync(
        PolicyEntity policy,
        IEnumerable<PolicyNotice> notices,
        DateTimeOffset now,
        CancellationToken cancel
    ) => events.ReportAsync([.. notices.Select(n => PolicyEvents.Make(policy, n, now))], cancel);
}
