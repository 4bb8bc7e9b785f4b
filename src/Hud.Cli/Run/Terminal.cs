namespace Hud.Cli.Run;

/// <summary>What the terminal can do, as far as the environment says it.</summary>
internal static class Terminal
{
    public static bool OutputIsTerminal => !Console.IsOutputRedirected;

    public static bool ErrorIsTerminal => !Console.IsErrorRedirected;

    public static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>https://no-color.org: any non-empty value turns colours off.</summary>
    public static bool Color =>
        OutputIsTerminal && !IsDumb && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    /// <summary>Keys in, picture out, and room for it; otherwise progress is printed in lines.</summary>
    public static bool CanShowCockpit =>
        OutputIsTerminal
        && ErrorIsTerminal
        && !Console.IsInputRedirected
        && !IsDumb
        && Width >= Cockpit.Frame.MinWidth
        && Height >= Cockpit.Frame.MinHeight;

    /// <summary>The locale says how a terminal reads bytes; without one, everything today speaks UTF-8.</summary>
    public static bool IsUtf8
    {
        get
        {
            string locale =
                new[] { "LC_ALL", "LC_CTYPE", "LANG" }
                    .Select(Environment.GetEnvironmentVariable)
                    .FirstOrDefault(v => !string.IsNullOrEmpty(v))
                ?? "";
            return locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase)
                || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase)
                || !locale.Contains('.') && locale is not ("C" or "POSIX");
        }
    }

    public static int Height
    {
        get
        {
            try
            {
                return Console.WindowHeight;
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    public static int Width
    {
        get
        {
            try
            {
                return Console.WindowWidth is > 0 and var width ? width : Reports.Text.TextReport.DefaultWidth;
            }
            catch (IOException)
            {
                return Reports.Text.TextReport.DefaultWidth;
            }
        }
    }
}
