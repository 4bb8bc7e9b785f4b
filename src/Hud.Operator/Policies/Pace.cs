using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>What keeps a trigger from making one more session now.</summary>
/// <param name="IsCooldown">False: the sessions of the hour are used up.</param>
/// <param name="Last">The newest of those in the way.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Until">When none of that holds any more.</param>
public sealed record PaceHold(bool IsCooldown, MadeSession Last, int Count, DateTimeOffset Until);

/// <summary>
/// How often triggers make sessions. Pure. Times are compared in both directions: a session made a moment ago may seem to be made in the future, and
/// one that was made by a clock that is a day ahead is in nobody's way.
/// </summary>
public static class Pace
{
    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <param name="made">Each session once.</param>
    /// <param name="cooldown">Null: there is none.</param>
    /// <returns>Null when nothing is in the way.</returns>
    public static PaceHold? Held(
        IReadOnlyList<MadeSession> made,
        GoDuration? cooldown,
        int mostPerHour,
        DateTimeOffset now
    )
    {
        if (cooldown?.ToTimeSpan() is { } pause && Within(made, pause, now) is [var newest, ..] recent)
            return new PaceHold(IsCooldown: true, newest, recent.Count, newest.At + pause);
        var hour = Within(made, Hour, now);
        return hour.Count < mostPerHour
            ? null
            // the hour has room again once all but as many as fit into it are out of it
            : new PaceHold(IsCooldown: false, hour[0], hour.Count, hour[Math.Max(0, mostPerHour - 1)].At + Hour);
    }

    /// <summary>The newest first.</summary>
    private static List<MadeSession> Within(IReadOnlyList<MadeSession> made, TimeSpan span, DateTimeOffset now) =>
        [.. made.Where(m => (now - m.At).Duration() < span).OrderByDescending(m => m.At)];
}
