import { RuntimeSession, readJson, readModelConfig, writeOnnx } from '@synseg/core/internals';
import { buildStepGraph } from '../packages/train/src/step-graph/step-graph.ts';
import { FIGURES } from '../packages/train/src/step-graph/step-objective.ts';
import type { StepSpec } from '../packages/train/src/step-graph/step-spec.ts';
import { layoutOf, trainedTensors, PARAMETER_GROUPS } from '../packages/train/src/step-graph/layout.ts';
import { initialValues, flatten } from '../packages/train/src/step-graph/initial-values.ts';
import { biasCorrections } from '../packages/train/src/optimizer/adamw.ts';
import * as ort from 'onnxruntime-node';
const folder=process.env.FOLDER??'../shared/data/backbone';
const json = await readJson(folder+'/config.json') as any;
const config = readModelConfig({decoder:{reduce_dim:64,attention_heads:4,intermediate_size:256},...json}, undefined, folder); const G=config.patchGrid[0]*config.patchGrid[1]+1; const [HH,WW]=config.inputSize;
const features = (process.env.F ?? 'visual') as 'visual';
const specs = trainedTensors(config, Number(process.env.P??0.1)===0?undefined:features==='visual'?320:64);
const layout = layoutOf(specs, PARAMETER_GROUPS, true);
const images=Number(process.env.B??16), rows=Number(process.env.R??96);
const spec: StepSpec = { config, layout, lambda:{align:Number(process.env.P??0.1),contrast:0,background:0,separation:0,grounding:0,distillation:0,masks:Number(process.env.M??0),maskShare:Number(process.env.MS??0)}, stage:'all', features, contrastive:{epsilon:1e-4,contrastGate:0.1}, optimizer:{beta1:.9,beta2:.999,epsilon:1e-8,weightDecay:1e-2,clipNorm:undefined}, ema:undefined, images, batchImages:images, input:'taps', trunkPrecision:'float32', phase:'whole' };
const t0=performance.now();
const graph = buildStepGraph(spec,{weights:undefined,trunkModel:undefined,frozen:new Map()});
const model = writeOnnx(graph); console.log('nodes',graph.nodes.length,'build ms',(performance.now()-t0).toFixed(0),'P',layout.length);
const { tensors } = await initialValues(specs, undefined, 42);
const s = process.env.PROF ? undefined : await RuntimeSession.create(model,{provider:'cpu',threads:Number(process.env.T??2), resident:['parameters','mean','variance']});
const rnd=(n:number)=>Float32Array.from({length:n},()=>Math.random()*2-1);
let state: any = { parameters:{data:flatten(layout,tensors),shape:[layout.length]}, mean:{data:new Float32Array(layout.length),shape:[layout.length]}, variance:{data:new Float32Array(layout.length),shape:[layout.length]} };
const sc=(v:number)=>({data:Float32Array.of(v),shape:[]});
const feeds: any = { tap0:{data:rnd(images*G*64),shape:[images,G,64]}, tap1:{data:rnd(images*G*96),shape:[images,G,96]}, tap2:{data:rnd(images*G*320),shape:[images,G,320]}, text:{data:rnd(rows*512),shape:[rows,512]}, imageOfRow:{data:Int32Array.from({length:rows},(_,i)=>i%images),shape:[rows]}, rowNumber:{data:Float32Array.from({length:rows},(_,i)=>i),shape:[rows]}, stated:{data:new Float32Array(rows).fill(1),shape:[rows]} };
if (spec.lambda.masks||spec.lambda.maskShare) { feeds.masks={data:new Uint8Array(images*HH*WW).fill(3),shape:[images,HH,WW]}; feeds.classOfRow={data:new Float32Array(rows).fill(3),shape:[rows]}; }
if (s) for (let step=1;step<=5;step++){ const c=biasCorrections(step,spec.optimizer); const t=performance.now(); const {results,resident}=await s.runResident({...feeds,...state,learningRate:sc(1e-3),meanCorrection:sc(c.meanCorrection),varianceCorrection:sc(c.varianceCorrection)}); state=resident; console.log((performance.now()-t).toFixed(0)+' ms', FIGURES.map((n,i)=>n+'='+Number(results['figures']!.data[i]).toPrecision(4)).join(' ')); }
else {
  const session = await ort.InferenceSession.create(model.bytes,{enableProfiling:true,profileFilePrefix:'/tmp/prof',intraOpNumThreads:2} as any);
  const c=biasCorrections(1,spec.optimizer); const all:any={...feeds,...state,learningRate:sc(1e-3),meanCorrection:sc(c.meanCorrection),varianceCorrection:sc(c.varianceCorrection)};
  const ts:any={}; for (const [k,v] of Object.entries(all) as any) ts[k]=new ort.Tensor(v.data instanceof Int32Array?'int32':v.data instanceof Uint8Array?'uint8':'float32',v.data,v.shape);
  for(let i=0;i<3;i++) await session.run(ts); (session as any).endProfiling(); await session.release();
}
