namespace Hud.Kubernetes;

/// <summary>The lines of one open response: turns silence past the deadline and broken connections into one kind of error.</summary>
internal sealed class LineStream(
    string operation,
    HttpResponseMessage response,
    LineReader lines,
    CancellationTokenSource timeout,
    CancellationTokenSource both,
    TimeSpan silence,
    CancellationToken cancel
) : IAsyncDisposable
{
    public bool LastLineCut => lines.LastLineCut;

    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync()
    {
        try
        {
            timeout.CancelAfter(silence);
            return await lines.ReadAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new SilenceException(operation, silence, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TransportException(operation, e.InnerException?.Message ?? e.Message, e);
        }
    }

    public ValueTask DisposeAsync()
    {
        // the response first: disposing it closes the connection, which is how the server learns that the reader is gone
        response.Dispose();
        lines.Dispose();
        both.Dispose();
        timeout.Dispose();
        return ValueTask.CompletedTask;
    }
}
