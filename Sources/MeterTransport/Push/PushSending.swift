// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import NIOPosix

extension MeterNetwork {
    /// How a meter tries to push when it does not reach its destination.
    public struct PushPersistence: Hashable, Sendable {
        /// How often it tries again.
        public var retries: Int
        /// How long it waits before each of these attempts.
        public var pause: Duration

        /// Pairs the number with the pause.
        public init(retries: Int = 0, pause: Duration = .seconds(60)) {
            self.retries = retries
            self.pause = pause
        }
    }

    /// Connects like a meter that pushes, sends, and closes; nobody waits for that, and ``shutdown()`` ends it.
    ///
    /// - Parameters:
    ///   - endpoint: where the meter pushes to.
    ///   - delay: how long to wait before the first attempt.
    ///   - persistence: what to do when the destination cannot be reached.
    ///   - frame: makes what is sent, at the moment when it is; an event loop calls it.
    public func push(
        to endpoint: TCPEndpoint,
        after delay: Duration = .zero,
        persistence: PushPersistence = PushPersistence(),
        _ frame: @escaping @Sendable () -> [UInt8]
    ) {
        let loop = group.next()
        loop.scheduleTask(in: TimeAmount(delay)) {
            ClientBootstrap(group: loop)
                .connectTimeout(.seconds(10))
                .connect(host: endpoint.host, port: endpoint.port)
                .whenComplete { result in
                    switch result {
                    case .success(let channel):
                        channel.writeAndFlush(channel.allocator.buffer(bytes: frame()))
                            .whenComplete { _ in channel.close(promise: nil) }
                    case .failure:
                        guard persistence.retries > 0 else { return }
                        var rest = persistence
                        rest.retries -= 1
                        self.push(to: endpoint, after: persistence.pause, persistence: rest, frame)
                    }
                }
        }
    }
}
