using Hud.Core.Api;
using Hud.Operator.Policies;

namespace Hud.Operator.Tests.Policies;

/// <summary>When runs are due: as with a CronJob on ordinary days, and as Cronos documents where clocks are set.</summary>
public sealed class ScheduleTests
{
    private static Schedule Parse(string cron, string zone = "UTC") =>
        Schedule.Parse(cron, zone, out var reason, out var message)
        ?? throw new InvalidOperationException($"{cron} {zone}: {reason} {message}");

    private static DateTimeOffset Utc(string text) =>
        DateTimeOffset.Parse(text, null, System.Globalization.DateTimeStyles.AssumeUniversal);

    private static List<string> Next(string cron, string zone, string from, int count)
    {
        var (schedule, time, all) = (Parse(cron, zone), Utc(from), new List<string>());
        for (var i = 0; i < count; i++)
            all.Add((time = schedule.Next(time)!.Value).UtcDateTime.ToString("MM-dd HH:mm"));
        return all;
    }

    [Theory]
    [InlineData("* * * * *", "05-01 12:01 05-01 12:02")]
    [InlineData("*/15 * * * *", "05-01 12:15 05-01 12:30")]
    [InlineData("7/20 * * * *", "05-01 12:07 05-01 12:27")]
    [InlineData("0-10/5,30 * * * *", "05-01 12:05 05-01 12:10 05-01 12:30 05-01 13:00")]
    [InlineData("0 9 * * MON-FRI", "05-02 09:00 05-03 09:00 05-06 09:00")]
    [InlineData("0 9 * * mon,Wed", "05-06 09:00 05-08 09:00")]
    [InlineData("0 9 * * 7", "05-05 09:00 05-12 09:00")]
    [InlineData("0 9 * * 0", "05-05 09:00 05-12 09:00")]
    [InlineData("0 0 1 JAN,jul *", "07-01 00:00 01-01 00:00")]
    [InlineData("0 0 31 * *", "05-31 00:00 07-31 00:00")]
    [InlineData("0   22  *  *  *", "05-01 22:00 05-02 22:00")]
    [InlineData("30 4 ? * ?", "05-02 04:30 05-03 04:30")]
    [InlineData("@hourly", "05-01 13:00 05-01 14:00")]
    [InlineData("@daily", "05-02 00:00 05-03 00:00")]
    [InlineData("@MIDNIGHT", "05-02 00:00 05-03 00:00")]
    [InlineData("@weekly", "05-05 00:00 05-12 00:00")]
    [InlineData("@monthly", "06-01 00:00 07-01 00:00")]
    [InlineData("@yearly", "01-01 00:00")]
    [InlineData("@annually", "01-01 00:00")]
    // both kinds of days: each that is one of them, as in a CronJob; a star with a step names days too
    [InlineData("0 0 13 * 5", "05-03 00:00 05-10 00:00 05-13 00:00 05-17 00:00")]
    [InlineData("0 0 */10 * 5", "05-03 00:00 05-10 00:00 05-11 00:00 05-17 00:00 05-21 00:00")]
    [InlineData("0 0 * * 5", "05-03 00:00 05-10 00:00")]
    [InlineData("0 0 */1 * 5", "05-03 00:00 05-10 00:00")]
    [InlineData("0 0 29 2 *", "02-29 00:00")]
    // from a day of the week on: until Saturday
    [InlineData("0 0 * * 5/2", "05-03 00:00 05-10 00:00")]
    [InlineData("0 0 * * MON/3", "05-02 00:00 05-06 00:00 05-09 00:00")]
    [InlineData("0 0 * * 0/6", "05-04 00:00 05-05 00:00 05-11 00:00")]
    [InlineData("0 0 * * */7", "05-05 00:00 05-12 00:00")]
    [InlineData("0 0 * * 7/2", "05-05 00:00 05-12 00:00")]
    [InlineData("0 0 * * SAT-MON", "05-04 00:00 05-05 00:00 05-06 00:00 05-11 00:00")]
    public void An_expression_means_what_it_means_in_a_CronJob(string cron, string expected)
    {
        var words = expected.Split(' ');
        Assert.Equal(
            words.Chunk(2).Select(w => string.Join(' ', w)),
            Next(cron, "UTC", "2024-05-01T12:00:30Z", words.Length / 2)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData(" * * * * *")]
    [InlineData("* * * * * ")]
    [InlineData("*\t* * * *")]
    [InlineData("* * * * *\n")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * 32 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("*/60 * * * *")]
    [InlineData("*/90 * * * *")]
    [InlineData("-5 * * * *")]
    [InlineData("5- * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("* * L * *")]
    [InlineData("* * 15W * *")]
    [InlineData("* * * * FRI#2")]
    [InlineData("* * * * 5L")]
    [InlineData("H * * * *")]
    [InlineData("* * * JANUARY *")]
    [InlineData("* * * * \u017fun")]
    [InlineData("@every 5m")]
    [InlineData("@every_minute")]
    [InlineData("@every_second")]
    [InlineData("@reboot")]
    [InlineData("TZ=Europe/Berlin 0 0 * * *")]
    [InlineData("\uff11 * * * *")]
    public void What_is_none_is_refused_with_the_sentence(string cron)
    {
        Assert.Null(Schedule.Parse(cron, "UTC", out var reason, out var message));
        Assert.Equal((PolicyReasons.InvalidSchedule, PolicyMessages.Cron), (reason, message));
    }

    [Fact]
    public void One_that_is_too_long_is_refused() =>
        Assert.False(CronSyntax.IsCron(string.Join(',', Enumerable.Repeat("10", 50)) + " * * * *"));

    [Theory]
    [InlineData("UTC")]
    [InlineData("Etc/UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/Argentina/Buenos_Aires")]
    [InlineData("Etc/GMT+12")]
    [InlineData("Asia/Kathmandu")]
    public void A_zone_is_found_by_its_name(string zone) => Parse("@daily", zone);

    [Theory]
    [InlineData("Europe/Nowhere", PolicyReasons.UnknownTimeZone)]
    [InlineData("EUROPE/BERLIN", PolicyReasons.UnknownTimeZone)]
    [InlineData("Europe", PolicyReasons.UnknownTimeZone)] // a folder of the database
    [InlineData("Mars", PolicyReasons.UnknownTimeZone)]
    [InlineData("Local", PolicyReasons.InvalidSchedule)]
    [InlineData("localtime", PolicyReasons.InvalidSchedule)] // whatever the machine has
    [InlineData("posix/Europe/Berlin", PolicyReasons.InvalidSchedule)]
    [InlineData("right/Europe/Berlin", PolicyReasons.InvalidSchedule)] // 27 s off
    [InlineData("../../../etc/passwd", PolicyReasons.InvalidSchedule)]
    [InlineData("Europe/../Europe/Berlin", PolicyReasons.InvalidSchedule)]
    [InlineData("/etc/localtime", PolicyReasons.InvalidSchedule)]
    [InlineData("W. Europe Standard Time", PolicyReasons.InvalidSchedule)]
    [InlineData("Europe/Berlin\n", PolicyReasons.InvalidSchedule)]
    [InlineData("", PolicyReasons.InvalidSchedule)]
    public void One_that_is_not_is_named(string zone, string reason)
    {
        Assert.Null(Schedule.Parse("@daily", zone, out var given, out var message));
        Assert.Equal(reason, given);
        Assert.Equal(
            reason == PolicyReasons.UnknownTimeZone ? PolicyMessages.UnknownTimeZone(zone) : PolicyMessages.TimeZone,
            message
        );
    }

    /// <summary>
    /// In Berlin the clock goes from 02:00 to 03:00 on 2026-03-29 (01:00 UTC). What falls into the gap is due once, right after it.
    /// </summary>
    [Theory]
    [InlineData("30 2 * * *", "03-28 01:30 03-29 01:00 03-30 00:30")]
    [InlineData("0 2 * * *", "03-28 01:00 03-29 01:00 03-30 00:00")]
    [InlineData("0 3 * * *", "03-28 02:00 03-29 01:00 03-30 01:00")]
    [InlineData("*/30 * * * *", "", "03-29 00:00 03-29 00:30 03-29 01:00 03-29 01:30")]
    [InlineData("30 * * * *", "", "03-29 00:30 03-29 01:00 03-29 01:30")]
    [InlineData("*/20 2 * * *", "", "03-29 01:00 03-30 00:00 03-30 00:20")]
    public void An_hour_that_is_skipped(string cron, string days, string minutes = "")
    {
        if (days.Length > 0)
            Assert.Equal(Pairs(days), Next(cron, "Europe/Berlin", "2026-03-27T12:00:00Z", Pairs(days).Count));
        if (minutes.Length > 0)
            Assert.Equal(Pairs(minutes), Next(cron, "Europe/Berlin", "2026-03-28T23:59:00Z", Pairs(minutes).Count));
    }

    /// <summary>
    /// It goes from 03:00 back to 02:00 on 2026-10-25 (01:00 UTC). A fixed time is due once, the first time; what comes at intervals goes on through
    /// both hours.
    /// </summary>
    [Theory]
    [InlineData("30 2 * * *", "10-25 00:30 10-26 01:30")]
    [InlineData("0 2 * * *", "10-25 00:00 10-26 01:00")]
    [InlineData("0 3 * * *", "10-25 02:00 10-26 02:00")]
    [InlineData("*/30 * * * *", "10-24 23:30 10-25 00:00 10-25 00:30 10-25 01:00 10-25 01:30 10-25 02:00")]
    [InlineData("30 * * * *", "10-24 23:30 10-25 00:30 10-25 01:30 10-25 02:30")]
    [InlineData("*/30 2 * * *", "10-25 00:00 10-25 00:30 10-25 01:00 10-25 01:30 10-26 01:00")]
    public void An_hour_that_comes_twice(string cron, string expected) =>
        Assert.Equal(Pairs(expected), Next(cron, "Europe/Berlin", "2026-10-24T23:05:00Z", Pairs(expected).Count));

    private static List<string> Pairs(string text) => [.. text.Split(' ').Chunk(2).Select(w => string.Join(' ', w))];

    [Fact]
    public void A_day_that_never_comes_is_never_due()
    {
        Assert.Null(Parse("0 0 30 2 *").Next(Make.Now));
        Assert.Null(Parse("0 0 31 4,6 *", "Europe/Berlin").Next(Make.Now));
        // beside a day of the week it is left out alone
        Assert.NotNull(Parse("0 0 30 2 MON").Next(Make.Now) ?? Parse("0 0 30 2 MON").Next(Make.Now.AddYears(1)));
    }

    /// <summary>Whatever the rule of the CRD lets through, Cronos reads; and on each minute of some weeks both say the same, told apart by a matcher of our own.</summary>
    [Fact]
    public void What_the_rule_takes_is_read_and_due_when_a_CronJob_is()
    {
        var random = new Random(20260101);
        for (var i = 0; i < 100; i++)
        {
            var fields = (string[])
                [
                    Field(random, 0, 59, []),
                    Field(random, 0, 23, []),
                    Field(random, 1, 31, []),
                    Field(
                        random,
                        1,
                        12,
                        ["jan", "FEB", "Mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
                    ),
                    Field(random, 0, 6, ["sun", "MON", "Tue", "wed", "thu", "fri", "sat"]),
                ];
            var cron = string.Join(' ', fields);
            Assert.True(CronSyntax.IsCron(cron), cron);
            var schedule = Parse(cron);
            var time = Utc("2024-02-20T00:00:00Z").AddMinutes(random.Next(0, 500_000));
            var end = time.AddDays(3);
            while (time < end)
            {
                var next = schedule.Next(time);
                Assert.True(next is null || next > time, cron);
                Assert.True(next is not { } n || n.Ticks % TimeSpan.TicksPerMinute == 0, cron);
                for (time = time.AddMinutes(1); time < end && time != next; time = time.AddMinutes(1))
                    Assert.False(IsDue(fields, time.UtcDateTime), $"{cron} at {time}");
                if (time < end)
                    Assert.True(IsDue(fields, time.UtcDateTime), $"{cron} at {time}");
            }
        }
    }

    private static string Field(Random random, int min, int max, string[] names)
    {
        string Value() =>
            random.Next(min, max + 1) is var n && names.Length > 0 && random.Next(2) == 0 ? names[n - min] : $"{n}";
        string Step() => random.Next(3) == 0 ? $"/{random.Next(1, Math.Min(max, 12) + 1)}" : "";
        string Item() =>
            random.Next(3) switch
            {
                0 => Value(),
                1 => Value() + Step(),
                // upwards, as a CronJob wants it
                _ => random.Next(min, max + 1) is var a && random.Next(a, max + 1) is var b ? $"{a}-{b}{Step()}" : "",
            };
        return random.Next(4) switch
        {
            0 or 1 => "*" + Step(),
            2 => Item(),
            _ => string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Item())),
        };
    }

    private static bool IsDue(string[] fields, DateTime time)
    {
        var day = Has(fields[2], time.Day, 1, 31);
        var weekday = Has(fields[4], (int)time.DayOfWeek, 0, 6);
        return Has(fields[0], time.Minute, 0, 59)
            && Has(fields[1], time.Hour, 0, 23)
            && Has(fields[3], time.Month, 1, 12)
            && (fields[2] is "*" or "*/1" || fields[4] is "*" or "*/1" ? day && weekday : day || weekday);
    }

    private static bool Has(string field, int value, int min, int max)
    {
        foreach (var item in field.ToLowerInvariant().Split(','))
        {
            var parts = item.Split('/');
            var range = parts[0].Split('-');
            var from = range[0] == "*" ? min : Number(range[0]);
            var to =
                range.Length == 2 ? Number(range[1])
                : range[0] == "*" || parts.Length == 2 ? max
                : from;
            var step = parts.Length == 2 ? int.Parse(parts[1]) : 1;
            if (value >= from && value <= to && (value - from) % step == 0)
                return true;
        }
        return false;

        static int Number(string text) =>
            int.TryParse(text, out var n) ? n
            : Array.IndexOf(Months, text) is >= 0 and var month ? month + 1
            : Array.IndexOf(Days, text);
    }

    private static readonly string[] Months =
    [
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
    ];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    [Theory]
    [InlineData("* * * * *", "2024-05-01T12:00:00Z", "2024-05-01T12:00:59Z", null, null, 0)]
    [InlineData("* * * * *", "2024-05-01T12:00:00Z", "2024-05-01T12:01:00Z", "12:01", null, 1)]
    [InlineData("* * * * *", "2024-05-01T12:00:00Z", "2024-05-01T12:03:10Z", "12:03", "12:02", 3)]
    [InlineData("0 * * * *", "2024-05-01T08:30:00Z", "2024-05-01T12:03:10Z", "12:00", "11:00", 4)]
    // a week and ten years away: counted up to the bound, and the newest is the newest all the same
    [InlineData("* * * * *", "2024-04-24T12:00:00Z", "2024-05-01T12:03:10Z", "12:03", "12:02", DueRuns.MaxCount)]
    [InlineData("* * * * *", "2014-05-01T12:00:00Z", "2024-05-01T12:03:10Z", "12:03", "12:02", DueRuns.MaxCount)]
    [InlineData("*/2 3 * * *", "2014-05-01T12:00:00Z", "2024-05-01T12:03:10Z", "03:58", "03:56", DueRuns.MaxCount)]
    [InlineData("0 0 1 1 *", "2014-05-01T12:00:00Z", "2024-05-01T12:03:10Z", "00:00", "00:00", 10)]
    public void What_is_due_since_is_counted_and_the_newest_is_known(
        string cron,
        string after,
        string now,
        string? newest,
        string? before,
        int count
    )
    {
        var due = DueRuns.Between(Parse(cron), Utc(after), Utc(now));
        Assert.Equal(
            (newest, before, count),
            (due.Newest?.ToString("HH:mm"), due.Before?.ToString("HH:mm"), due.Count)
        );
    }
}
