namespace Hud.Symbolization;

/// <summary>
/// The agent's side. A helper that dies or does not answer in time is ended and started again; a file it died of twice is
/// no longer asked about. Nothing here throws for what a file contains. Not thread-safe.
/// </summary>
internal sealed class SymbolizerClient(Func<ISymbolizerProcess> start, TimeProvider time, SymbolizerOptions options)
    : IDisposable
{
    private readonly Dictionary<uint, int> deaths = [];
    private readonly TimeSpan timeout =
        options.Timeout + (options.DebuginfodUrls.Count > 0 ? DwarfLimits.MaxDownload : TimeSpan.Zero);
    private ISymbolizerProcess? process;
    private TimeSpan lost;

    /// <summary>Times the helper died, was too slow or answered nonsense.</summary>
    public int Failures { get; private set; }

    public int Restarts { get; private set; }

    /// <summary>Why the last request failed; "" when it did not.</summary>
    public string LastError { get; private set; } = "";

    public int? ProcessId => process?.ProcessId;

    /// <summary>One location per address, or null when the file is given up or there is no helper.</summary>
    public SymbolizerAnswer? Ask(SymbolizerRequest request)
    {
        while (
            deaths.GetValueOrDefault(request.File) < options.MaxDeathsPerFile
            && Failures < options.MaxFailures
            && lost < options.MaxLost
        )
        {
            var asked = time.GetTimestamp();
            if (TryAsk(request, out var answer))
            {
                LastError = answer!.Error;
                return answer;
            }

            deaths[request.File] = deaths.GetValueOrDefault(request.File) + 1;
            Failures++;
            lost += time.GetElapsedTime(asked);
            Stop();
        }

        return null;
    }

    public void Dispose() => Stop();

    private bool TryAsk(SymbolizerRequest request, out SymbolizerAnswer? answer)
    {
        answer = null;
        try
        {
            if (process is null)
            {
                process = start();
                Restarts++;
            }

            var asked = process;

            // a pipe's read cannot be given up, but it ends with the process
            using var watchdog = time.CreateTimer(_ => asked.Kill(), null, timeout, Timeout.InfiniteTimeSpan);
            var tooLarge = false;
            using var weigher = time.CreateTimer(
                _ => EndIfTooLarge(asked, ref tooLarge),
                null,
                DwarfLimits.MemoryCheck,
                DwarfLimits.MemoryCheck
            );
            DescriptorSocket.Send(asked.Files, request.Files);
            SymbolizerMessages.Send(asked.Requests, SymbolizerMessages.Request(request));
            if (SymbolizerMessages.Receive(asked.Answers) is not { } message)
            {
                LastError = tooLarge
                    ? $"the helper for names took more than {DwarfLimits.MaxHelperMemory >> 20} MiB"
                    : "the helper for names ended or was too slow";
                return false;
            }

            answer = SymbolizerMessages.ReadAnswer(message, request.Addresses.Length);
            return true;
        }
        catch (Exception e)
            when (IsBadAnswer(e)
                || e is InvalidOperationException or ObjectDisposedException or System.ComponentModel.Win32Exception
            )
        {
            LastError = e.Message;
            return false;
        }
    }

    /// <summary>What reading an answer throws, whatever is in it.</summary>
    internal static bool IsBadAnswer(Exception e) =>
        e is IOException or InvalidDataException or FormatException or ArgumentException;

    private static void EndIfTooLarge(ISymbolizerProcess asked, ref bool tooLarge)
    {
        if (!tooLarge && ProcessMemory.Of(asked.ProcessId).Own > DwarfLimits.MaxHelperMemory)
        {
            tooLarge = true;
            asked.Kill();
        }
    }

    private void Stop()
    {
        process?.Dispose();
        process = null;
    }
}

/// <summary>Knobs of naming.</summary>
public sealed record SymbolizerOptions
{
    /// <summary>Folders with separate debug files, searched before /usr/lib/debug.</summary>
    public IReadOnlyList<string> DebugDirectories { get; init; } = [];

    /// <summary>debuginfod servers that are asked for debug files; see <see cref="SymbolizerProcess.CanDownload"/>.</summary>
    public IReadOnlyList<string> DebuginfodUrls { get; init; } = [];

    /// <summary>For one batch of addresses, opening the file included; <see cref="DwarfLimits.MaxDownload"/> comes on top with servers.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After so many a file is named from its symbol tables only.</summary>
    public int MaxDeathsPerFile { get; init; } = 2;

    /// <summary>After so many over all files the helper is not started again.</summary>
    public int MaxFailures { get; init; } = 16;

    /// <summary>Files whose debug information is read. Each stays open, and a target decides how many libraries it has.</summary>
    public int MaxOpenModules { get; init; } = 1000;

    /// <summary>Time spent on questions that were not answered, all together, after which the helper is not started again.</summary>
    public TimeSpan MaxLost { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Named addresses kept over all files; the older half goes first.</summary>
    public int MaxCachedAddresses { get; init; } = 200_000;
}
