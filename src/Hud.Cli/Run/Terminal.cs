namespace Hud.Cli.Run;

/// <summary>What the terminal can do, as far as the environment says it.</summary>
internal static class Terminal
{
    public static bool OutputIsTerminal => !Console.IsOutputRedirected;

    public static bool ErrorIsTerminal => !Console.IsErrorRedirected;

    public static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    /// <summary>https://no-color.org: any non-empty value turns colours off.</summary>
    public static bool Color => OutputIsTerminal && !IsDumb && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

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
