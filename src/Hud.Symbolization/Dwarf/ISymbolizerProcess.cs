using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hud.Symbolization;

/// <summary>A running helper: its two pipes, and a way to end it.</summary>
public interface ISymbolizerProcess : IDisposable
{
    /// <summary>What the helper reads.</summary>
    Stream Requests { get; }

    /// <summary>What the helper writes.</summary>
    Stream Answers { get; }

    /// <summary>Over which it gets the files that requests name.</summary>
    SafeFileHandle Files { get; }

    int ProcessId { get; }

    void Kill();
}

/// <summary>The same executable started again with the hidden verb.</summary>
public sealed class SymbolizerProcess : ISymbolizerProcess
{
    /// <summary>The helper's managed memory; libdw's own comes on top.</summary>
    private const string HeapLimit = "0x6000000"; // 96 MiB

    private readonly Process process;

    private SymbolizerProcess(Process process, SafeFileHandle files) => (this.process, Files) = (process, files);

    public SafeFileHandle Files { get; }

    public Stream Requests => process.StandardInput.BaseStream;

    public Stream Answers => process.StandardOutput.BaseStream;

    public int ProcessId => process.Id;

    /// <param name="executable">null: this program</param>
    /// <param name="debuginfodUrls">null or none keeps libdw from asking servers for debug files, whatever the environment says</param>
    /// <param name="giveUpRights">called on the thread that starts the helper, which is a thread of its own: what the thread gives up the
    /// helper never has</param>
    public static SymbolizerProcess Start(
        string? executable = null,
        IReadOnlyList<string>? debuginfodUrls = null,
        Action? giveUpRights = null
    )
    {
        var (own, inherited) = DescriptorSocket.Pair();
        using (inherited)
        {
            var start = Describe(executable, debuginfodUrls, inherited);
            var starting = Task.Factory.StartNew(
                () =>
                {
                    giveUpRights?.Invoke();
                    return Process.Start(start);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            var started =
                starting.GetAwaiter().GetResult()
                ?? throw new InvalidOperationException("the helper for names did not start");
            started.ErrorDataReceived += static (_, _) => { }; // a crash prints pages that are of no use
            started.BeginErrorReadLine();
            return new SymbolizerProcess(started, own);
        }
    }

    private static ProcessStartInfo Describe(
        string? executable,
        IReadOnlyList<string>? debuginfodUrls,
        SafeFileHandle inherited
    )
    {
        var start = new ProcessStartInfo(
            executable
                ?? Environment.ProcessPath
                ?? throw new InvalidOperationException("the program's own path is unknown")
        )
        {
            ArgumentList =
            {
                SymbolizerServer.Verb,
                ((int)inherited.DangerousGetHandle()).ToString(CultureInfo.InvariantCulture),
                debuginfodUrls is { Count: > 0 } ? SymbolizerServer.MayDownload : "",
            },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // nothing of the agent's environment is the helper's business, but for what the runtime and a download go by
        foreach (var name in start.Environment.Keys.Where(n => !IsKept(n, debuginfodUrls is { Count: > 0 })).ToList())
        {
            start.Environment.Remove(name);
        }

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
        return start;
    }

    private static bool IsKept(string name, bool downloads) =>
        name is "PATH" or "HOME" or "TMPDIR" or "LANG" or "LD_LIBRARY_PATH"
        || name.StartsWith("DOTNET_", StringComparison.Ordinal)
        || (
            downloads
            && (
                name.StartsWith("DEBUGINFOD_", StringComparison.Ordinal)
                || name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("XDG_", StringComparison.Ordinal)
            )
        );

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
        Files.Dispose();
        process.WaitForExit();
        process.Dispose();
    }
}
