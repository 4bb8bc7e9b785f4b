using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hud.Symbolization;

/// <summary>A running helper: its two pipes, and a way to end it.</summary>
public interface ISymbolizerProcess : IDisposable
{
    /// <summary>What the helper reads.</summary>
    Stream Requests { get; }

    /// <summary>What the helper writes.</summary>
    Stream Answers { get; }

    int ProcessId { get; }

    void Kill();
}

/// <summary>The same executable started again with the hidden verb.</summary>
public sealed class SymbolizerProcess : ISymbolizerProcess
{
    /// <summary>The helper's managed memory; libdw's own comes on top.</summary>
    private const string HeapLimit = "0x6000000"; // 96 MiB

    private readonly Process process;

    private SymbolizerProcess(Process process) => this.process = process;

    public Stream Requests => process.StandardInput.BaseStream;

    public Stream Answers => process.StandardOutput.BaseStream;

    public int ProcessId => process.Id;

    /// <param name="executable">null: this program</param>
    /// <param name="debuginfodUrls">null or none keeps libdw from asking servers for debug files, whatever the environment says</param>
    public static SymbolizerProcess Start(string? executable = null, IReadOnlyList<string>? debuginfodUrls = null)
    {
        var start = new ProcessStartInfo(
            executable
                ?? Environment.ProcessPath
                ?? throw new InvalidOperationException("the program's own path is unknown")
        )
        {
            ArgumentList = { SymbolizerServer.Verb },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapLimit;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["DEBUGINFOD_URLS"] = string.Join(' ', debuginfodUrls ?? []);
        start.Environment["DEBUGINFOD_TIMEOUT"] = "10"; // seconds in which nothing worth mentioning comes
        start.Environment["DEBUGINFOD_MAXTIME"] = ((int)DwarfLimits.MaxDownload.TotalSeconds).ToString(
            CultureInfo.InvariantCulture
        );
        start.Environment["DEBUGINFOD_MAXSIZE"] = DwarfLimits.MaxDownloadBytes.ToString(CultureInfo.InvariantCulture);
        var started = Process.Start(start) ?? throw new InvalidOperationException("the helper for names did not start");
        started.ErrorDataReceived += static (_, _) => { }; // a crash prints pages that nobody needs
        started.BeginErrorReadLine();
        return new SymbolizerProcess(started);
    }

    /// <summary>False when libdw cannot ask servers for debug files, because what it would do it with is not installed.</summary>
    public static bool CanDownload()
    {
        if (!NativeLibrary.TryLoad("libdebuginfod.so.1", out var library))
        {
            return false;
        }

        NativeLibrary.Free(library);
        return true;
    }

    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // it has ended by itself
        }
    }

    public void Dispose()
    {
        Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
