using System.Security;
using Cronos;
using Hud.Core.Api;

namespace Hud.Operator.Policies;

/// <summary>When the runs of a policy are due. Pure, but for the zones, which are files of the image.</summary>
public sealed class Schedule
{
    private readonly CronExpression[] _expressions;
    private readonly TimeZoneInfo _zone;

    private Schedule(CronExpression[] expressions, TimeZoneInfo zone) => (_expressions, _zone) = (expressions, zone);

    /// <returns>Null with one of <see cref="PolicyReasons"/> and a sentence where there is no such schedule.</returns>
    public static Schedule? Parse(string cron, string zone, out string reason, out string message)
    {
        (reason, message) = (PolicyReasons.InvalidSchedule, "");
        if (!CronSyntax.IsCron(cron))
            message = PolicyMessages.Cron;
        else if (!CronSyntax.IsZone(zone))
            message = PolicyMessages.TimeZone;
        else if (Find(zone) is not { } found)
            (reason, message) = (PolicyReasons.UnknownTimeZone, PolicyMessages.UnknownTimeZone(zone));
        else if (TryParse(CronSyntax.Lower(cron)) is not { } expressions)
            message = PolicyMessages.Cron;
        else
            return new Schedule(expressions, found);
        return null;
    }

    /// <summary>The first time after the given one; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        DateTimeOffset? first = null;
        foreach (var expression in _expressions)
        {
            if (expression.GetNextOccurrence(after, _zone) is { } next && (first is null || next < first))
                first = next;
        }
        return first?.ToUniversalTime();
    }

    /// <summary>
    /// As a CronJob's controller reads it. With both kinds of days that means each day that is one of them, where Cronos means the days that are both:
    /// so there is an expression for each kind, and what is due for either is due.
    /// </summary>
    private static CronExpression[]? TryParse(string cron)
    {
        string[] texts = [cron];
        if (
            cron.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            is [var minute, var hour, var day, var month, var days]
        )
        {
            days = Weekdays(days);
            texts =
                IsRestricted(day) && IsRestricted(days)
                    ? [$"{minute} {hour} {day} {month} *", $"{minute} {hour} * {month} {days}"]
                    : [$"{minute} {hour} {day} {month} {days}"];
        }
        var expressions = new CronExpression[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            if (!CronExpression.TryParse(texts[i], CronFormat.Standard, out var expression))
                return null;
            expressions[i] = expression;
        }
        return expressions;
    }

    /// <summary>A star with a step above 1 names days as well.</summary>
    private static bool IsRestricted(string field) => field is not ("*" or "?" or "*/1");

    /// <summary>From a day on with a step: until Saturday. To Cronos the week has an eighth day, Sunday once more.</summary>
    private static string Weekdays(string field) =>
        string.Join(
            ',',
            field
                .Split(',')
                .Select(item =>
                    item.Split('/') is [var from, var step]
                    && !from.Contains('-')
                    && from.TrimStart('0') is not ("*" or "7")
                        ? $"{from}-6/{step}"
                        : item
                )
        );

    private static TimeZoneInfo? Find(string zone)
    {
        try
        {
            var found = TimeZoneInfo.FindSystemTimeZoneById(zone);
            // zones that were asked for before are found in upper and lower case, others are not: as they are called, or not at all
            return found.Id == zone || found.Id == TimeZoneInfo.Utc.Id ? found : null;
        }
        catch (Exception e)
            when (e
                    is TimeZoneNotFoundException
                        or InvalidTimeZoneException
                        or SecurityException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            return null;
        }
    }
}
