using System.Net;
using System.Text.Json;
using Hud.Core.Api;
using Hud.Core.Profile;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.LookBack;
using Hud.Operator.Resources;
using k8s.Models;

namespace Hud.Operator;

/// <summary>The writes of the operator, each safe to repeat: a crash between any two of them is repaired by doing them again.</summary>
public sealed class SessionActions(KubernetesClient client, OperatorOptions options, TimeProvider time, Log log)
{
    private static readonly TimeSpan[] EventPauses =
    [
        TimeSpan.FromMilliseconds(200),
        TimeSpan.FromSeconds(1),
        TimeSpan.FromSeconds(3),
    ];

    /// <summary>
    /// One write of the whole status, on top of the version that was read: a leader that was deposed without knowing, or one that saw an old
    /// state, is refused. Server-side apply would let the last writer win.
    /// </summary>
    public async Task<SessionEntity> WriteStatusAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        OperatorMeter.StatusWrites.Add(1);
        var body = new SessionEntity
        {
            Metadata = new V1ObjectMeta
            {
                Name = session.Name,
                NamespaceProperty = session.Namespace,
                Uid = session.Uid,
                ResourceVersion = session.Metadata.ResourceVersion,
            },
            Spec = session.Spec,
            Status = StatusJson.Write(status),
        };
        return await client.ReplaceAsync(SessionType.Sessions, body, cancel, "status").ConfigureAwait(false);
    }

    /// <summary>By merge patch with the version that was read: other finalizers of the list are kept or the patch is refused.</summary>
    public async Task<SessionEntity> RemoveFinalizerAsync(
        SessionEntity session,
        string finalizer,
        CancellationToken cancel
    )
    {
        var others = (session.Metadata.Finalizers ?? [])
            .Where(f => f != finalizer)
            .Select(f => $"\"{JsonEncodedText.Encode(f)}\"");
        var patch =
            $$$"""{"metadata":{"resourceVersion":"{{{session.Metadata.ResourceVersion}}}","finalizers":[{{{string.Join(',', others)}}}]}}""";
        return await client
            .PatchAsync(SessionType.Sessions, session.Namespace, session.Name, PatchKind.Merge, patch, cancel)
            .ConfigureAwait(false);
    }

    /// <summary>Asks the server, which knows what no view does: whether this very session is there now.</summary>
    public async Task<bool> SessionExistsAsync(EntityKey key, string uid, CancellationToken cancel) =>
        (await client.TryGetAsync(SessionType.Sessions, key.Namespace, key.Name, cancel).ConfigureAwait(false))?.Uid
        == uid;

    /// <returns>Why the API server will not have the pod; null when it is there.</returns>
    public async Task<string?> CreateAgentAsync(
        SessionEntity session,
        ProfilingSessionSpec spec,
        string node,
        IReadOnlyList<TargetStatus> targets,
        CancellationToken cancel
    )
    {
        try
        {
            await client
                .CreateAsync(EntityTypes.Pods, AgentPod.Build(session, spec, node, targets, options), cancel)
                .ConfigureAwait(false);
            OperatorMeter.Agents.Add(1);
            log.Info(
                "agent pod created",
                ("session", EntityKey.Of(session)),
                ("node", node),
                ("targets", targets.Count)
            );
            return null;
        }
        catch (AlreadyExistsException)
        {
            return null; // made before a restart, or by the leader before us: the name says it is the same
        }
        catch (KubernetesException e) when (IsRefusedForGood(e))
        {
            log.Warn("agent pod refused", ("session", EntityKey.Of(session)), ("node", node), ("error", e.Message));
            return e.Detail;
        }
    }

    /// <returns>Null when there is none.</returns>
    public async Task<V1Pod?> GetTargetAsync(string ns, string pod, CancellationToken cancel) =>
        // a name from a status: one that is none must not become another path
        pod.Length > 0
        && pod.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
        && pod is not ("." or "..")
            ? await client.TryGetAsync(EntityTypes.Pods, ns, pod, cancel).ConfigureAwait(false)
            : null;

    public Task StopAgentAsync(V1Pod pod, CancellationToken cancel) =>
        IgnoreMissing(
            client.PatchAsync(
                EntityTypes.Pods,
                options.Namespace,
                pod.Metadata.Name,
                PatchKind.Merge,
                AgentPod.StopPatch(pod.Metadata.Uid ?? ""),
                cancel
            )
        );

    /// <summary>
    /// What an agent that watches is asked from now on. On top of the version that was read: two sessions that ask at once must not take each other's
    /// request out.
    /// </summary>
    /// <exception cref="ConflictException">It has changed since, or is another pod.</exception>
    /// <exception cref="NotFoundException">It is gone.</exception>
    public Task<V1Pod> AskAsync(V1Pod pod, IReadOnlyList<LookBackRequest> requests, CancellationToken cancel) =>
        client.PatchAsync(
            EntityTypes.Pods,
            options.Namespace,
            pod.Metadata.Name,
            PatchKind.Merge,
            LookBackList.Patch(pod.Metadata.Uid ?? "", pod.Metadata.ResourceVersion ?? "", requests),
            cancel
        );

    public Task DeleteAgentAsync(string name, string? uid, CancellationToken cancel) =>
        DeleteAgentAsync(name, uid, graceSeconds: null, cancel);

    public async Task DeleteAgentAsync(string name, string? uid, long? graceSeconds, CancellationToken cancel)
    {
        try
        {
            var how = new V1DeleteOptions
            {
                GracePeriodSeconds = graceSeconds,
                Preconditions = uid is null ? null : new V1Preconditions { Uid = uid },
            };
            await client.DeleteAsync(EntityTypes.Pods, options.Namespace, name, how, cancel).ConfigureAwait(false);
        }
        catch (ConflictException)
        {
            // another pod has the name by now: not the one that was meant
        }
    }

    /// <summary>Stores the files. What is there already with the same content is left; with another content it is replaced.</summary>
    /// <returns>What is stored, and what the API server said of the files that it will not have, however often they are sent.</returns>
    public async Task<(IReadOnlyList<ResultReference> Stored, string? Refused)> StoreAsync(
        IReadOnlyList<(V1ConfigMap Map, ResultReference Reference)> results,
        CancellationToken cancel
    )
    {
        var references = new List<ResultReference>();
        string? refused = null;
        foreach (var (map, reference) in results)
        {
            string name;
            try
            {
                name = await StoreAsync(map, cancel).ConfigureAwait(false);
            }
            catch (KubernetesException e) when (IsRefusedForGood(e))
            {
                log.Warn("result refused", ("configMap", map.Metadata.Name), ("error", e.Message));
                refused = e.Detail;
                continue;
            }
            references.Add(reference with { ConfigMap = name });
            OperatorMeter.ResultBytes.Add(
                reference.Bytes,
                new KeyValuePair<string, object?>("format", reference.Format.ToString())
            );
        }
        return (references, refused);
    }

    /// <summary>Stores the targets that the status has no room for, before any agent is made.</summary>
    /// <returns>Why the API server will not have them; null when they are stored.</returns>
    public async Task<string?> PinAsync(V1ConfigMap pinned, CancellationToken cancel)
    {
        try
        {
            await StoreAsync(pinned, cancel).ConfigureAwait(false);
            return null;
        }
        catch (KubernetesException e) when (IsRefusedForGood(e))
        {
            log.Warn("pinned targets refused", ("configMap", pinned.Metadata.Name), ("error", e.Message));
            return e.Detail;
        }
    }

    /// <returns>Null when they are not there, not the session's, or cannot be read.</returns>
    public async Task<IReadOnlyList<TargetStatus>?> GetPinnedAsync(SessionEntity session, CancellationToken cancel)
    {
        foreach (var name in PinnedTargets.NamesOf(session))
        {
            var map = await client
                .TryGetAsync(EntityTypes.ConfigMaps, session.Namespace, name, cancel)
                .ConfigureAwait(false);
            if (map is not null && Owns(session.Uid, map))
                return PinnedTargets.Read(map);
        }
        return null;
    }

    public Task UnpinAsync(SessionEntity session, CancellationToken cancel) =>
        DeleteResultsAsync(
            session,
            [.. PinnedTargets.NamesOf(session).Select(name => new ResultReference { ConfigMap = name })],
            cancel
        );

    /// <summary>
    /// A quota, a policy, an admission webhook, a namespace that is being deleted or an object too large: it may pass one day, and a session
    /// must not wait for that day.
    /// </summary>
    internal static bool IsRefusedForGood(KubernetesException e) =>
        e.Code
            is HttpStatusCode.BadRequest
                or HttpStatusCode.Forbidden
                or HttpStatusCode.RequestEntityTooLarge
                or HttpStatusCode.UnprocessableEntity;

    private async Task<string> StoreAsync(V1ConfigMap map, CancellationToken cancel)
    {
        try
        {
            await client.CreateAsync(EntityTypes.ConfigMaps, map, cancel).ConfigureAwait(false);
            return map.Metadata.Name;
        }
        catch (AlreadyExistsException)
        {
            var there = await client
                .TryGetAsync(EntityTypes.ConfigMaps, map.Metadata.NamespaceProperty, map.Metadata.Name, cancel)
                .ConfigureAwait(false);
            var ours = there is not null && Owns(map.Metadata.OwnerReferences![0].Uid, there);
            if (
                ours
                && there!.GetAnnotation(Names.Sha256Annotation) == map.Metadata.Annotations![Names.Sha256Annotation]
            )
                return map.Metadata.Name;
            if (ours)
            {
                await DeleteAsync(there!, cancel).ConfigureAwait(false);
            }
            else if (there is not null)
            {
                // another owner's, or of a session of the same name that is being deleted: ours takes another name
                map.Metadata.Name = Names.Derived(map.Metadata.Name, Names.Hash(map.Metadata.OwnerReferences![0].Uid));
            }
            await client.CreateAsync(EntityTypes.ConfigMaps, map, cancel).ConfigureAwait(false);
            return map.Metadata.Name;
        }
    }

    /// <summary>Deletes those of the named ConfigMaps that the session owns. A status can name any of the namespace's.</summary>
    public async Task DeleteResultsAsync(
        SessionEntity session,
        IReadOnlyList<ResultReference> results,
        CancellationToken cancel
    )
    {
        foreach (var name in results.Select(r => r.ConfigMap).Distinct(StringComparer.Ordinal))
        {
            var map = await client
                .TryGetAsync(EntityTypes.ConfigMaps, session.Namespace, name, cancel)
                .ConfigureAwait(false);
            if (map is not null && Owns(session.Uid, map))
                await DeleteAsync(map, cancel).ConfigureAwait(false);
        }
    }

    private static bool Owns(string uid, V1ConfigMap map) =>
        map.Metadata.OwnerReferences?.Any(o => o.Uid == uid) == true;

    /// <summary>This very object, not one that has its name by now.</summary>
    private async Task DeleteAsync(V1ConfigMap map, CancellationToken cancel)
    {
        try
        {
            await client
                .DeleteAsync(
                    EntityTypes.ConfigMaps,
                    map.Metadata.NamespaceProperty,
                    map.Metadata.Name,
                    new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = map.Metadata.Uid } },
                    cancel
                )
                .ConfigureAwait(false);
        }
        catch (ConflictException)
        {
            // another one by now
        }
    }

    /// <summary>Events are courtesy: one that cannot be written, after a few tries where more tries may help, is logged, and the session goes on.</summary>
    public async Task ReportAsync(IReadOnlyList<Corev1Event> events, CancellationToken cancel)
    {
        var pauses = 0; // for all of them together: a server that is away does not hold up the sessions
        foreach (var e in events)
        {
            while (true)
            {
                try
                {
                    await client.CreateAsync(EntityTypes.Events, e, cancel).ConfigureAwait(false);
                    break;
                }
                catch (AlreadyExistsException)
                {
                    break; // emitted before a restart, or by a try whose answer was lost
                }
                catch (Exception failed)
                    when (failed is KubernetesException or TransportException or NotLeaderException)
                {
                    var passing =
                        failed
                        is TransportException
                            or KubernetesException
                            {
                                Code: HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
                            };
                    if (!passing || pauses == EventPauses.Length)
                    {
                        log.Warn("event not written", ("reason", e.Reason), ("error", failed.Message));
                        break;
                    }
                }
                await Task.Delay(EventPauses[pauses++], time, cancel).ConfigureAwait(false);
            }
        }
    }

    private static async Task IgnoreMissing(Task<V1Pod> patch)
    {
        try
        {
            await patch.ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or ConflictException or InvalidException)
        {
            // it ended by itself, and another pod may have its name
        }
    }
}
