using System.Globalization;
using Hud.Core.Api;
using Hud.Core.Stream;
using Hud.Kubernetes;
using Hud.Operator.Entities;
using Hud.Operator.Policies;
using k8s.Models;

namespace Hud.Operator.LookBack;

/// <summary>
/// The time that a session asks agents for that watch already. It follows from what the API server keeps of the session, so whoever goes on with it
/// asks for the same. Pure.
/// </summary>
public readonly record struct LookBackWindow(DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>How long an agent may take to answer once the time is over; then the session ends without it.</summary>
    public static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(60);

    /// <summary>
    /// An alert is told of late: it is evaluated, grouped and sent on. What it is about was before it began to fire, so that is when the look-back
    /// is from. Whoever may change a session may write any time there; no agent has kept anything of a time before this one.
    /// </summary>
    private static readonly TimeSpan Earliest = AlertDecider.Kept;

    /// <returns>Null for a session that does not look back.</returns>
    public static LookBackWindow? Of(SessionEntity session, ProfilingSessionSpec spec)
    {
        if (spec.LookBack is not { } lookBack || session.Metadata.CreationTimestamp.AsOffset() is not { } made)
            return null;
        var trigger = Began(session) is { } began && began < made ? began : made;
        if (made - trigger > Earliest)
            trigger = made - Earliest;
        return new LookBackWindow(trigger - lookBack.ToTimeSpan(), made + spec.Duration.ToTimeSpan());
    }

    public LookBackRequest Request(string id) =>
        new()
        {
            Id = id,
            From = From,
            Until = Until,
        };

    private static DateTimeOffset? Began(SessionEntity session) =>
        DateTimeOffset.TryParseExact(
            session.GetAnnotation(PolicyNames.AlertStartsAtAnnotation),
            PolicyNames.TimeFormat,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var began
        )
            ? began
            : null;
}
