// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import DLMSEngine
import DLMSSecurity
import Synchronization

/// One simulated residential meter: the objects a server machine serves.
///
/// Its past is computed from its number; only what was done to it is kept.
public final class SimulatedMeter: ObjectServer {
    private let identity: MeterIdentity
    private let options: SimulatedFleet.Options
    private let load: LoadModel
    let state: Mutex<MeterState>

    /// Makes a meter.
    /// - Parameters:
    ///   - number: The number in its fleet, from 0; it decides about everything the meter is.
    ///   - options: How all meters of the fleet are.
    public init(number: Int, options: SimulatedFleet.Options) {
        identity = MeterIdentity(number: number, fleetSeed: options.seed)
        self.options = options
        load = LoadModel(
            seed: identity.seed,
            offsetMinutes: options.offsetMinutes,
            hasPlant: identity.hasPlant
        )
        state = Mutex(
            MeterState(identity: identity, options: options, time: options.now())
        )
    }

    /// The serial number, as in 0.0.96.1.0.255.
    public var serialNumber: String { identity.serialNumber }

    /// The counters of the meter's present unicast key, for those who check that none is used twice.
    public var invocationCounters: ServerInvocationCounters { state.withLock { $0.security.counters } }

    /// How far the transfer of firmware is, and how often each block came.
    public var imageTransfer: ImageTransferState { state.withLock { $0.image } }

    /// The state of the disconnector.
    public var controlState: DisconnectControl.State { state.withLock { $0.controlState } }

    /// Presses the button at the meter: closes the output if the meter is ready for it, opens it if its mode allows that.
    public func pressButton() {
        let meter = snapshot(Self.nobody)
        state.withLock { state in
            switch (state.controlState, state.controlMode) {
            case (.readyForReconnection, _):
                state.move(to: .connected, at: meter.time, event: EventCode.manualConnection, load: load)
            case (.connected, .mode1), (.connected, .mode2), (.connected, .mode5):
                state.move(
                    to: .readyForReconnection,
                    at: meter.time,
                    event: EventCode.manualDisconnection,
                    load: load
                )
            case (.connected, _), (.disconnected, _): break
            }
        }
    }

    // MARK: ObjectServer

    /// Public client 16 without password, reading client 32 and managing client 1 with theirs or by a challenge, and
    /// clients whose messages have to be protected.
    ///
    /// The public client may give the readers' password, too, and then is one: clients that only know one address do.
    public func association(for client: ClientAddress) -> AssociationTerms? {
        guard client.serverSAP == AssociationObjects.logicalDevice,
            let known = SimulatedClient(rawValue: client.clientSAP)
        else { return nil }
        let security = state.withLock { $0.security }
        var offers = security.authentications(of: known)
        var terms = AssociationTerms(
            authentication: offers.removeFirst(),
            alternatives: offers,
            conformance: options.conformance,
            maxReceivePDUSize: options.maxPDUSize,
            maxSendPDUSize: options.maxPDUSize,
            security: security.terms(of: known, systemTitle: identity.systemTitle)
        )
        if terms.security != nil { terms.conformance.insert(.generalProtection) }
        terms.shortNames = shortNameTerms
        return terms
    }

    /// Short names with what the options leave of blocks and lists.
    private var shortNameTerms: ShortNameTerms {
        let common: Conformance = [.blockTransferWithGetOrRead, .blockTransferWithSetOrWrite, .multipleReferences]
        return ShortNameTerms(
            directory: ObjectTable.standard.shortNames,
            conformance: ShortNameSettings.standardConformance.subtracting(common.subtracting(options.conformance))
        )
    }

    /// Reads an attribute as far as the client may see it.
    public func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        let descriptor = request.descriptor
        guard let audience = AssociationObjects.audience(of: client),
            let object = ObjectTable.standard.object(descriptor.instanceID, for: audience)
        else { return .failure(.objectUndefined) }
        guard object.classID == descriptor.classID else { return .failure(.objectClassInconsistent) }
        if descriptor.attributeID == 0 { return allAttributes(of: object, request, for: client) }
        guard let attribute = object.attribute(descriptor.attributeID) else { return .failure(.objectUndefined) }
        guard attribute.audience <= audience else { return .failure(.readWriteDenied) }
        if object.classID == 18, attribute.index == 6 { state.withLock { $0.image.look() } }
        let meter = snapshot(client)
        if let profile = object.profile, attribute.index == 2 {
            switch profile.buffer(meter, selection: request.selectiveAccess) {
            case .success(let octets): return .data(octets)
            case .failure(let refusal): return .failure(refusal.result)
            }
        }
        if attribute.index == 2, object.classID == 15 {
            let listed = AssociationObjects.audience(ofAssociation: object.logicalName, own: audience)
            return ObjectTable.standard.list(for: listed, request.selectiveAccess)
        }
        guard request.selectiveAccess == nil else { return .failure(.scopeOfAccessViolated) }
        return .data(attribute.read(meter).octets)
    }

    /// Writes an attribute; only the manager may.
    public func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        let descriptor = request.descriptor
        guard let audience = AssociationObjects.audience(of: client),
            let object = ObjectTable.standard.object(descriptor.instanceID, for: audience)
        else { return .objectUndefined }
        guard object.classID == descriptor.classID else { return .objectClassInconsistent }
        if descriptor.attributeID == 0 { return setAllAttributes(of: object, request, to: value, for: client) }
        guard let attribute = object.attribute(descriptor.attributeID) else { return .objectUndefined }
        guard audience == .managers, let write = attribute.write, request.selectiveAccess == nil else {
            return .readWriteDenied
        }
        let meter = snapshot(client)
        return state.withLock { write(&$0, value, meter) }
    }

    /// Invokes a method; only the manager may.
    public func invoke(
        _ method: MethodDescriptor,
        parameter: DLMSData?,
        for client: ServedClient
    ) -> ActionOutcome {
        guard let audience = AssociationObjects.audience(of: client),
            let object = ObjectTable.standard.object(method.instanceID, for: audience)
        else { return ActionOutcome(result: .objectUndefined) }
        guard object.classID == method.classID else { return ActionOutcome(result: .objectClassInconsistent) }
        guard let definition = object.methods.first(where: { $0.index == method.methodID }) else {
            return ActionOutcome(result: .objectUndefined)
        }
        guard audience == .managers else { return ActionOutcome(result: .readWriteDenied) }
        let meter = snapshot(client)
        return state.withLock { definition.invoke(&$0, parameter, meter) }
    }

    /// The password of the programming mode of IEC 62056-21.
    var textPassword: Secret { options.readerPassword }

    static let nobody = ServedClient(
        address: ClientAddress(clientSAP: 0, serverSAP: 0),
        isAuthenticated: false,
        conformance: []
    )

    func snapshot(_ client: ServedClient) -> MeterSnapshot {
        let now = options.now()
        return state.withLock { state in
            func present() -> MeterSnapshot {
                MeterSnapshot(
                    identity: identity,
                    options: options,
                    state: state,
                    load: load,
                    time: now + state.clockShift,
                    client: client
                )
            }
            let meter = present()
            guard state.hasDueCalendar else { return meter }
            state.activateDueCalendar(at: meter.time) { meter.instant($0) }
            return present()
        }
    }
}
