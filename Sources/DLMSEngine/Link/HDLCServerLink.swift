// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The links of a server on one HDLC line, which other servers may share: one for each client at each logical device.
struct HDLCServerLink: Sendable {
    /// What a frame comes to.
    enum Event: Hashable, Sendable {
        /// The link, and with it the association, begins anew or is gone.
        case ended(ClientAddress)
        /// An APDU; what it is answered with is to be handed over before ``answer(_:now:)``.
        case apdu([UInt8], ClientAddress)
        /// An APDU that is not answered.
        case unanswered([UInt8], ClientAddress)
    }

    let settings: HDLCServerSettings
    private var stream = HDLCReassembler()
    private var lastOctets: ContinuousClock.Instant?
    private var stations: [ClientAddress: HDLCServerStation] = [:] {
        didSet { hadStation = hadStation || !stations.isEmpty }
    }
    private var hadStation = false

    init(_ settings: HDLCServerSettings) {
        self.settings = settings
    }

    /// Whether there was a link, and none is left.
    var wasLeft: Bool { hadStation && stations.isEmpty }

    /// When ``deadlineReached(now:)`` is to be called; nil = never.
    var deadline: ContinuousClock.Instant? { stations.values.compactMap(\.deadline).min() }

    /// Takes octets of the line; hands out the frames for this server.
    mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [HDLCFrame] {
        var frames: [HDLCFrame] = []
        // What had begun when the line fell silent was cut off.
        if let lastOctets, now - lastOctets > settings.interOctetTimeout {
            while let item = stream.next(isSilent: true) { collect(item, &frames) }
        }
        lastOctets = now
        stream.push(octets)
        while let item = stream.next() { collect(item, &frames) }
        return frames
    }

    private func collect(_ item: HDLCReassembler.Item, _ frames: inout [HDLCFrame]) {
        guard case .frame(let frame) = item, isForUs(frame.destination), frame.source.width == .one else { return }
        frames.append(frame)
    }

    private func isForUs(_ address: HDLCAddress) -> Bool {
        guard let physicalDevice = settings.physicalDevice else { return true }
        guard let lower = address.lowerIfPresent else { return false }
        return lower == physicalDevice || lower == address.width.largestPart
            || (address.isCallingDevice && settings.answersCallingDevice)
    }

    /// Takes a frame for this server.
    mutating func event(_ frame: HDLCFrame, now: ContinuousClock.Instant) -> Event? {
        let address = client(of: frame)
        if case .unnumberedInformation = frame.control.kind { return unnumbered(frame, address) }
        // Broadcasts carry nothing but UI.
        guard !frame.destination.isAllStations else { return nil }
        switch frame.control.kind {
        case .setNormalResponseMode, .disconnect: return .ended(address)
        default: break
        }
        guard var station = stations.removeValue(forKey: address) else { return nil }
        defer { stations[address] = station }
        station.deadline = settings.inactivityTimeout.map { now + $0 }
        return station.received(frame).map { .apdu($0, address) }
    }

    /// Sends an APDU in the client's next turn to be answered.
    mutating func append(_ apdu: [UInt8], to client: ClientAddress) {
        stations[client]?.append(apdu)
    }

    /// The octets of what is said to a frame, once its event was dealt with.
    mutating func answer(_ frame: HDLCFrame, now: ContinuousClock.Instant) -> [UInt8] {
        guard !frame.destination.isAllStations, frame.control.isPollOrFinal else { return [] }
        let address = client(of: frame)
        switch frame.control.kind {
        case .unnumberedInformation, .unnumberedAcknowledge, .disconnectedMode, .frameReject: return []
        case .setNormalResponseMode: return setUp(frame, address, now)
        case .disconnect:
            let wasConnected = stations.removeValue(forKey: address) != nil
            return reply(to: frame, wasConnected ? .unnumberedAcknowledge : .disconnectedMode)
        case .information, .receiveReady, .receiveNotReady, .unsupported:
            guard var station = stations.removeValue(forKey: address) else {
                return reply(to: frame, .disconnectedMode)
            }
            defer { stations[address] = station }
            return station.turn().flatMap(\.octets)
        }
    }

    /// The octets of a message that nobody asked for; none without a link.
    func notification(_ apdu: [UInt8], to client: ClientAddress) -> [UInt8] {
        stations[client]?.unnumbered(apdu).flatMap(\.octets) ?? []
    }

    /// Links whose time is up are gone; returns whose they were.
    mutating func deadlineReached(now: ContinuousClock.Instant) -> [ClientAddress] {
        let ended = stations.filter { $0.value.deadline.map { $0 <= now } ?? false }.map(\.key)
        for address in ended { stations[address] = nil }
        return ended
    }

    private mutating func setUp(_ frame: HDLCFrame, _ address: ClientAddress, _ now: ContinuousClock.Instant) -> [UInt8]
    {
        var offered = HDLCLimits.standard
        if !frame.information.isEmpty {
            guard settings.takesParameters, let block = try? HDLCParameterBlock(octets: frame.information) else {
                stations[address] = nil
                return reply(to: frame, .disconnectedMode)
            }
            offered = block.limits
        }
        let limits = settings.limits.negotiated(with: offered)
        var station = HDLCServerStation(
            source: source(answering: frame.destination),
            destination: frame.source,
            limits: limits,
            turnsBusy: settings.notReadyTurns
        )
        station.deadline = settings.inactivityTimeout.map { now + $0 }
        stations[address] = station
        let information = frame.information.isEmpty ? [] : HDLCParameterBlock(limits).octets
        return reply(to: frame, .unnumberedAcknowledge, information)
    }

    private mutating func unnumbered(_ frame: HDLCFrame, _ address: ClientAddress) -> Event? {
        guard !frame.isSegmented else { return nil }
        let apdu = Array(
            frame.information.dropFirst(LLCHeader(startOf: frame.information) == nil ? 0 : LLCHeader.length)
        )
        return apdu.isEmpty ? nil : .unanswered(apdu, address)
    }

    private func client(of frame: HDLCFrame) -> ClientAddress {
        ClientAddress(clientSAP: frame.source.upper, serverSAP: frame.destination.upper)
    }

    private func reply(to frame: HDLCFrame, _ kind: HDLCControl.Kind, _ information: [UInt8] = []) -> [UInt8] {
        HDLCFrame(
            destination: frame.source,
            source: source(answering: frame.destination),
            control: HDLCControl(kind, isPollOrFinal: true),
            information: information
        )?.octets ?? []
    }

    /// The server's address as the client wrote it; its own one in place of one that means any.
    private func source(answering address: HDLCAddress) -> HDLCAddress {
        guard let own = settings.physicalDevice, address.width != .one else { return address }
        return HDLCAddress(width: address.width, upper: address.upper, lower: own) ?? address
    }
}
