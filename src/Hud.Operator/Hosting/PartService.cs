using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Hosting;

namespace Hud.Operator.Hosting;

/// <summary>How the program ends: when it is asked to, or when a part of it does, which none does by itself.</summary>
public sealed class Ending(IHostApplicationLifetime lifetime)
{
    private ExceptionDispatchInfo? _failure;
    private int _unasked;

    /// <summary>True when a part ended before the program was asked to.</summary>
    public bool Unasked => Volatile.Read(ref _unasked) == 1;

    /// <summary>Ends the program with the first failure of a part, as if nothing were around it.</summary>
    public void ThrowIfFailed() => Volatile.Read(ref _failure)?.Throw();

    internal void PartEnded(Exception? failure)
    {
        if (failure is not null)
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), comparand: null);
        if (!lifetime.ApplicationStopping.IsCancellationRequested)
            Volatile.Write(ref _unasked, 1);
        lifetime.StopApplication();
    }
}

/// <summary>A part of the program that runs as long as the program does. The host stops them one after the other, the last first.</summary>
public abstract class PartService(Ending ending) : BackgroundService
{
    protected abstract Task RunAsync(CancellationToken cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Exception? failure = null;
        try
        {
            await RunAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the way down
        }
#pragma warning disable CA1031 // kept, and thrown once all parts have stopped
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
        }
        ending.PartEnded(failure);
    }
}
