namespace Hud.Operator.Policies;

/// <summary>The runs that are due and for which there is no session yet. Pure.</summary>
/// <param name="Newest">When the newest of them was due; null: none is.</param>
/// <param name="Before">The one before that.</param>
/// <param name="Count">How many there are; counting ends at <see cref="MaxCount"/>.</param>
public readonly record struct DueRuns(DateTimeOffset? Newest, DateTimeOffset? Before, int Count)
{
    /// <summary>Of a run each minute that is most of a day. What says how many were missed need not be exact beyond that.</summary>
    public const int MaxCount = 1000;

    /// <param name="after">All that was due by then is done with.</param>
    public static DueRuns Between(Schedule schedule, DateTimeOffset after, DateTimeOffset now)
    {
        var (newest, before, count) = ((DateTimeOffset?)null, (DateTimeOffset?)null, 0);
        for (var next = schedule.Next(after); next <= now; next = schedule.Next(next.Value))
        {
            (newest, before) = (next, newest);
            if (++count == MaxCount)
            {
                // from the one before it, so that there are two in any case
                (newest, before) = Latest(schedule, before!.Value, now);
                break;
            }
        }
        return new DueRuns(newest, before, count);
    }

    /// <summary>
    /// The two newest by now, where it is too far to go there one by one: from twice as long ago each time, until there are two. That takes as many steps
    /// as runs are due in that time, of which half the time had one at most.
    /// </summary>
    /// <param name="known">One that is due, where no time is left to look at but that since.</param>
    private static (DateTimeOffset Newest, DateTimeOffset Before) Latest(
        Schedule schedule,
        DateTimeOffset known,
        DateTimeOffset now
    )
    {
        for (var back = TimeSpan.FromMinutes(1); ; back *= 2)
        {
            var isAll = now - back <= known;
            var (newest, before) = (isAll ? known : (DateTimeOffset?)null, (DateTimeOffset?)null);
            for (var next = schedule.Next(isAll ? known : now - back); next <= now; next = schedule.Next(next.Value))
                (newest, before) = (next, newest);
            if (newest is { } last && (before is not null || isAll))
                return (last, before ?? last);
        }
    }
}
