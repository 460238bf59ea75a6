// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import NIOCore

/// Finds out who has dialled in; everything here runs on the event loop of the connection.
///
/// ```
///  address ──unknown──► first line ──unknown──► asking ──unknown──► kept for a while, then closed
///     │ known              │ known   │ garbage    │ known
///     └──────► stands ◄────┴─────────┼────────────┘
///                                    └──► closed
/// ```
final class DialInCaller: LineUser {
    /// What a caller has in common with all others.
    struct Office: Sendable {
        let settings: DialInSettings
        let lines: StandingLines
        let log: UnknownCallerLog
    }

    private enum Stage {
        case identifying
        case kept
        case done
    }

    private let office: Office
    private let channel: any Channel
    private let line: LineHandler
    private let tally: LineTally
    private let address: String
    private let since = ContinuousClock.Instant.now
    private var remaining: ArraySlice<DialInSettings.Identification>
    private var stage = Stage.identifying
    private var names: [String] = []
    /// What came first; nil until something was waited for and came.
    private var first: [UInt8]?
    private var isAwaitingLine = false
    private var timer: Scheduled<Void>?

    init(_ office: Office, channel: any Channel, line: LineHandler, tally: LineTally) {
        self.office = office
        self.channel = channel
        self.line = line
        self.tally = tally
        address = Self.address(of: channel)
        remaining = office.settings.identification[...]
    }

    /// Begins to find out who it is.
    func begin() {
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in left() }
        goOn()
    }

    private func goOn() {
        guard stage == .identifying else { return }
        if let key = office.lines.expected(of: names) { return stand(for: key, wasStranger: false) }
        guard let next = remaining.popFirst() else {
            return names.isEmpty ? refuse(first == nil ? .silent : .garbage) : keep()
        }
        switch next {
        case .address:
            names.append(address)
            goOn()
        case .firstLine: awaitLine()
        case .asking(let link): ask(link)
        }
    }

    // MARK: The first line

    private func awaitLine() {
        isAwaitingLine = true
        line.attach(self) { [self] attachment in
            guard attachment == .attached else { return refuse(.silent) }
            timer = schedule(office.settings.identificationTimeout) { caller in
                caller.first.map { caller.lineEnded(with: $0[...]) } ?? caller.endLine()
            }
        }
    }

    func received(_ octets: [UInt8]) {
        guard isAwaitingLine else { return }
        var line = first ?? []
        line += octets.prefix(OctetPattern.longest + 1)
        first = line
        // The beginning of a frame: the meter has something to say, but not who it is.
        if line[0] == 0x7E || line[0] == 0 { return endLine() }
        if let count = office.settings.firstLineOctets {
            if line.count >= count { lineEnded(with: line.prefix(count)) }
            return
        }
        let text = line[...].drop { Self.isLineEnd($0) }
        if let end = text.firstIndex(where: Self.isLineEnd) {
            lineEnded(with: text[..<end])
        } else if line.count > OctetPattern.longest {
            refuse(.garbage)
        }
    }

    private func lineEnded(with text: ArraySlice<UInt8>) {
        guard let name = office.settings.firstLine.identity(in: Array(text)) else { return refuse(.garbage) }
        names.append(name)
        endLine()
    }

    private func endLine() {
        stopTimer()
        isAwaitingLine = false
        line.detach(self, isSettled: true)
        goOn()
    }

    private static func isLineEnd(_ octet: UInt8) -> Bool { octet == 0x0D || octet == 0x0A }

    // MARK: Asking

    private func ask(_ link: LinkSettings) {
        let loop = channel.eventLoop
        let medium = MeterMedium.tcp(TCPEndpoint(host: address, port: channel.remoteAddress?.port ?? 0))
        let asked = MeterLine(medium, channel: channel, handler: NIOLoopBound(line, eventLoop: loop), tally: tally)
        let caller = NIOLoopBound(self, eventLoop: loop)
        let inquiry = CallerInquiry(line: asked, link: link, timeout: office.settings.identificationTimeout)
        Task {
            let names = await inquiry.names()
            loop.execute { caller.value.answered(names) }
        }
    }

    private func answered(_ found: [String]) {
        names += found
        goOn()
    }

    // MARK: What becomes of it

    private func stand(for key: String, wasStranger: Bool) {
        stage = .done
        stopTimer()
        let standing = MeterLine(
            .standing(identity: key),
            channel: channel,
            handler: NIOLoopBound(line, eventLoop: channel.eventLoop),
            tally: tally
        )
        office.lines.stand(standing, for: key, wasStranger: wasStranger)
    }

    private func keep() {
        let caller = NIOLoopBound(self, eventLoop: channel.eventLoop)
        let loop = channel.eventLoop
        let unknown = UnknownCaller(address: address, firstLine: printable, names: names, since: since)
        let stranger = StandingLines.Stranger(
            caller: unknown,
            adopt: { key in loop.execute { caller.value.adopted(key) } },
            close: { [channel] in channel.close(promise: nil) }
        )
        stage = .kept
        if let key = office.lines.keep(stranger, ObjectIdentifier(self), most: office.settings.mostUnknown) {
            return stand(for: key, wasStranger: false)
        }
        office.log.note(unknown)
        timer = schedule(office.settings.unknownTime) { caller in
            caller.timer = nil
            if caller.office.lines.drop(ObjectIdentifier(caller)) { caller.close() }
        }
    }

    /// A meter was configured for it in the meantime.
    private func adopted(_ key: String) {
        guard channel.isActive else { return }
        stand(for: key, wasStranger: true)
    }

    private func refuse(_ refusal: DialInCounters.Refusal) {
        guard stage == .identifying else { return }
        stage = .done
        office.lines.refused(refusal)
        if refusal == .garbage {
            office.log.note(UnknownCaller(address: address, firstLine: printable, names: [], since: since))
        }
        close()
    }

    private func close() {
        stage = .done
        stopTimer()
        channel.close(promise: nil)
    }

    /// The connection has ended, by whatever side.
    private func left() {
        switch stage {
        case .identifying: refuse(.silent)
        case .kept: _ = office.lines.drop(ObjectIdentifier(self))
        case .done: break
        }
        stage = .done
        stopTimer()
    }

    func lineEnded(_ reason: TransportError.Reason?) {}

    // MARK: Small things

    /// What came first, for people.
    private var printable: String? {
        first.map { String(decoding: $0.prefix(OctetPattern.longest).map(Self.printable), as: UTF8.self) }
    }

    private static func printable(_ octet: UInt8) -> UInt8 {
        (0x20...0x7E).contains(octet) ? octet : UInt8(ascii: ".")
    }

    private static func address(of channel: any Channel) -> String {
        let address = channel.remoteAddress?.ipAddress ?? "unknown"
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }

    private func schedule(_ delay: Duration, _ action: @escaping (DialInCaller) -> Void) -> Scheduled<Void> {
        channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in action(self) }
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }
}
