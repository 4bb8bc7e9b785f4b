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
}
