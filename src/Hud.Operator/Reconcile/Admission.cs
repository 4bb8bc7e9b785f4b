using Hud.Core.Api;
using Hud.Operator.Entities;

namespace Hud.Operator.Reconcile;

/// <summary>Whether a session may run, by its spec and by what the administrator set. Pure.</summary>
public static class Admission
{
    public sealed record Verdict(bool Accepted, string Reason, string Message);

    public static readonly Verdict Accepted = new(Accepted: true, "Accepted", "the session is within all bounds");

    public static Verdict Check(SessionEntity session, out ProfilingSessionSpec spec, OperatorOptions options)
    {
        if (!session.TryReadSpec(out spec, out var unreadable))
            return new Verdict(Accepted: false, SessionValidator.InvalidSpec, unreadable);
        if (
            options.AllowedNamespaces.Count > 0
            && !options.AllowedNamespaces.Contains(session.Namespace, StringComparer.Ordinal)
        )
            return new Verdict(
                Accepted: false,
                "NamespaceNotAllowed",
                $"namespace {session.Namespace} may not be profiled; ask the administrator to add it to policy.allowedNamespaces"
            );
        var ceiling = options.MaxDuration < SessionBounds.MaxDuration ? options.MaxDuration : (GoDuration?)null;
        var result = new SessionValidator(SessionScope.Cluster, ceiling).Validate(spec);
        if (result.IsValid)
            return Accepted;
        // every sentence once; what the user got wrong in the spec comes before what the administrator forbids
        var failures = result.Errors.OrderBy(e => e.ErrorCode == SessionValidator.InvalidSpec ? 0 : 1).ToList();
        return new Verdict(
            Accepted: false,
            failures[0].ErrorCode,
            string.Join("; ", failures.Select(f => f.ErrorMessage).Distinct(StringComparer.Ordinal).Take(5))
        );
    }

    /// <param name="active">Sessions in progress, this one not among them: namespace and the nodes they profile on.</param>
    /// <returns>Null when there is room.</returns>
    public static string? Wait(
        string ns,
        IReadOnlyCollection<string> nodes,
        IReadOnlyCollection<(string Namespace, IReadOnlyCollection<string> Nodes)> active,
        OperatorOptions options
    )
    {
        var here = active.Count(a => a.Namespace == ns);
        if (here >= options.MaxSessionsPerNamespace)
            return $"{here} sessions of this namespace are in progress, as many as the administrator allows; this one waits its turn";
        foreach (var node in nodes)
        {
            var there = active.Count(a => a.Nodes.Contains(node, StringComparer.Ordinal));
            if (there >= options.MaxSessionsPerNode)
                return $"{there} sessions are in progress on {node}, as many as the administrator allows; this one waits its turn";
        }
        return null;
    }
}
