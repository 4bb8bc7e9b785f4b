using System.Text.RegularExpressions;

namespace Hud.Core.Api;

/// <summary>
/// What <c>schedule.cron</c> and <c>schedule.timeZone</c> may say. The CRD has the same expressions. It is what a CronJob takes and means, without the
/// signs of other programs (<c>L</c>, <c>W</c>, <c>#</c>, <c>H</c>, seconds) and without <c>@every</c>, which is no time of day.
/// </summary>
public static partial class CronSyntax
{
    private const string MinuteValue = "[0-5]?[0-9]";
    private const string MinuteStep = "(/([1-9]|[1-5][0-9]))?";
    private const string HourValue = "([01]?[0-9]|2[0-3])";
    private const string HourStep = "(/([1-9]|1[0-9]|2[0-3]))?";
    private const string DayValue = "(0?[1-9]|[12][0-9]|3[01])";
    private const string DayStep = "(/([1-9]|[12][0-9]|3[01]))?";
    private const string MonthValue = "(0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)";
    private const string MonthStep = "(/([1-9]|1[0-2]))?";
    private const string WeekdayValue = "(0?[0-7]|sun|mon|tue|wed|thu|fri|sat)";
    private const string WeekdayStep = "(/[1-7])?";

    private const string Minute = $"({Any}{MinuteStep}|{MinuteItem}(,{MinuteItem})*)";
    private const string MinuteItem = $"{MinuteValue}(-{MinuteValue})?{MinuteStep}";
    private const string Hour = $"({Any}{HourStep}|{HourItem}(,{HourItem})*)";
    private const string HourItem = $"{HourValue}(-{HourValue})?{HourStep}";
    private const string Day = $"({Any}{DayStep}|[?]|{DayItem}(,{DayItem})*)";
    private const string DayItem = $"{DayValue}(-{DayValue})?{DayStep}";
    private const string Month = $"({Any}{MonthStep}|{MonthItem}(,{MonthItem})*)";
    private const string MonthItem = $"{MonthValue}(-{MonthValue})?{MonthStep}";
    private const string Weekday = $"({Any}{WeekdayStep}|[?]|{WeekdayItem}(,{WeekdayItem})*)";
    private const string WeekdayItem = $"{WeekdayValue}(-{WeekdayValue})?{WeekdayStep}";

    private const string Any = "[*]";
    private const string Macro = "@(hourly|daily|midnight|weekly|monthly|yearly|annually)";

    /// <summary>Of lower-case text.</summary>
    public const string CronPattern = $"({Macro}|{Minute} +{Hour} +{Day} +{Month} +{Weekday})";

    /// <summary>Every name of the database begins with a capital letter; its other files, and the copies that count leap seconds, do not.</summary>
    public const string ZonePattern = "[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}";

    /// <summary>As <c>lowerAscii()</c> of CEL: other letters stay what they are, so that none becomes one of ours.</summary>
    public static string Lower(string cron) =>
        string.Create(
            cron.Length,
            cron,
            static (span, text) =>
            {
                for (var i = 0; i < span.Length; i++)
                    span[i] = char.IsAsciiLetterUpper(text[i]) ? (char)(text[i] | 0x20) : text[i];
            }
        );

    public static bool IsCron(string cron) => cron.Length <= PolicyBounds.MaxCronLength && Cron().IsMatch(Lower(cron));

    /// <summary>Whether it can be the name of a zone, and no path. Whether there is one of this name is another matter.</summary>
    public static bool IsZone(string zone) =>
        zone.Length <= PolicyBounds.MaxTimeZoneLength && zone != "Local" && Zone().IsMatch(zone);

    [GeneratedRegex(@"\A" + CronPattern + @"\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Cron();

    [GeneratedRegex(@"\A" + ZonePattern + @"\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Zone();
}
