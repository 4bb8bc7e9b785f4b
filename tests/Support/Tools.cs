using System.ComponentModel;
using System.Diagnostics;

namespace Hud.Tests.Support;

/// <summary>Programs that tests need: compilers, readelf, objcopy.</summary>
internal static class Tools
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs to the end; null, or what went wrong.</summary>
    public static string? Run(string[] command, Dictionary<string, string> environment)
    {
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }

        try
        {
            using var process = Process.Start(info)!;
            var error = process.StandardError.ReadToEndAsync();
            var text = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                return $"{command[0]} took more than {Patience}";
            }

            return process.ExitCode == 0 ? null : $"{command[0]} failed: {text.Result}{error.Result}";
        }
        catch (Win32Exception)
        {
            return $"{command[0]} is not installed";
        }
    }
}
