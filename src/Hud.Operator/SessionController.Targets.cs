using System.Collections.Concurrent;
using Hud.Core.Api;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Reconcile;
using Hud.Operator.Resources;
using Hud.Operator.Targets;
using k8s.Models;

namespace Hud.Operator;

/// <summary>
/// The targets of a session with more than its status lists. They are pinned in a ConfigMap; what became of each is remembered here, and after a
/// restart follows from the agents' streams once more.
/// </summary>
public sealed partial class SessionController
{
    /// <summary>By the UID of the session. Past <see cref="MemoryBounds.MaxTargets"/> they are read at each look instead.</summary>
    private readonly ConcurrentDictionary<string, IReadOnlyList<TargetStatus>> _targets = new(StringComparer.Ordinal);

    /// <summary>Pins what was selected, before any agent is made.</summary>
    /// <returns>The selection, or, where the rest cannot be stored, what the status has room for.</returns>
    private async Task<Selection> PinAsync(SessionEntity session, Selection selection, CancellationToken cancel)
    {
        var shown = ShownTargets.Of(selection.Targets);
        if (shown.Count == selection.Targets.Count)
            return selection;
        var map = PinnedTargets.Build(session, selection.Targets);
        if (await actions.PinAsync(map, cancel).ConfigureAwait(false) is not { } refused)
        {
            Remember(session, selection.Targets);
            return selection;
        }
        return selection with
        {
            Targets = shown,
            Message = StatusSizeLimiter.Cut(
                $"{shown.Count} of {selection.Targets.Count} pinned: the status has no room for more, and the ConfigMap {map.Metadata.Name} cannot be stored: {refused}",
                1024
            ),
        };
    }

    /// <summary>The status as it was before rows were left out of it.</summary>
    private async Task<ProfilingSessionStatus> WithAllTargetsAsync(
        SessionEntity session,
        ProfilingSessionStatus status,
        CancellationToken cancel
    )
    {
        if (status.TargetCounts.Selected <= status.Targets.Count)
            return status;
        if (_targets.TryGetValue(session.Uid, out var known))
            return status with { Targets = known };
        if (await actions.GetPinnedAsync(session, cancel).ConfigureAwait(false) is { } pinned)
        {
            known = PinnedTargets.Join(status, pinned);
            Remember(session, known);
            return status with { Targets = known };
        }
        log.Warn("pinned targets are gone", ("session", EntityKey.Of(session)), ("left", status.Targets.Count));
        var conditions = new ConditionSet(status.Conditions, session.Metadata.Generation ?? 0, time.GetUtcNow());
        conditions.Set(
            ConditionTypes.TargetsResolved,
            status: true,
            conditions[ConditionTypes.TargetsResolved]?.Reason ?? "Resolved",
            $"{status.Targets.Count} of {status.TargetCounts.Selected} pinned targets are left: the ConfigMap {PinnedTargets.NamesOf(session)[0]} that named the others is gone"
        );
        return status with { Conditions = conditions.ToList() };
    }

    private void Remember(SessionEntity session, IReadOnlyList<TargetStatus> targets)
    {
        var others = _targets.Where(t => t.Key != session.Uid).Sum(t => t.Value.Count);
        if (others + targets.Count <= MemoryBounds.MaxTargets)
            _targets[session.Uid] = targets;
        else
            _targets.TryRemove(session.Uid, out _);
    }

    /// <summary>Nodes of its targets and of its agents: after a restart not all targets are known at once.</summary>
    private List<string> NodesOf(SessionEntity session, ProfilingSessionStatus status) =>
        [
            .. status
                .Targets.Select(t => t.Node)
                .Concat(
                    agents
                        .Store.ByIndex(SessionIndex, session.Uid)
                        .Select(p => p.GetAnnotation(Names.NodeAnnotation))
                        .OfType<string>()
                )
                .Distinct(StringComparer.Ordinal),
        ];
}
