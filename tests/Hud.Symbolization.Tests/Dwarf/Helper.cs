using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Hud.Symbolization.Tests;

/// <summary>The test program serves as the helper when it is started with the hidden verb, as the agent does.</summary>
internal static class Helper
{
    [ModuleInitializer]
    internal static void ServeIfAsked()
    {
        if (SymbolizerServer.RunIfAsked(Environment.GetCommandLineArgs()[1..]))
        {
            Environment.Exit(0);
        }
    }

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "Hud.Symbolization.Tests");

    public static ISymbolizerProcess Start() => SymbolizerProcess.Start(Executable);

    /// <summary>Runs a tool and returns what it printed; a missing tool skips the test, a failing one fails it.</summary>
    public static string Run(string program, string arguments, string? input = null, string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
            UseShellExecute = false,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Missing.Tool(program);
            throw;
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            var writing = Task.Run(() =>
            {
                process.StandardInput.Write(input ?? "");
                process.StandardInput.Close();
            });
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            writing.Wait();
            Assert.True(process.ExitCode == 0, $"{program} {arguments}: {errors.Result}");
            return output;
        }
    }
}
