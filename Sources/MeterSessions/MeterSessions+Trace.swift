// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension MeterSessions {
    /// What goes over the line while it is used for a meter, from now on and until the stream is left.
    ///
    /// An association that is open already is watched from now on, too. Lines that nobody watches have no tap, so that
    /// watching costs nothing unless somebody does. Who takes the events too slowly loses some, and is told how many.
    public func trace(meter: String) -> AsyncStream<TraceEvent> {
        let stream = traces.watch(meter, makeID()) { [weak self] in
            // The end of a stream cannot wait for the actor.
            Task { await self?.setTap(of: meter) }
        }
        setTap(of: meter)
        return stream
    }

    private func setTap(of meter: String) {
        guard let key = meters[meter]?.channel, let session = channels[key]?.session, session.meter == meter,
            let line = channels[key]?.line
        else { return }
        line.setTap(traces.tap(of: meter, in: session.association, over: line.medium))
    }
}
